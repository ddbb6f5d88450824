"""A run is followed to a true end: done, failed, killed, still running, or unwatched."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat_cli import follow
from lifeboat_cli.context import Context, Options
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.stack import Stack

RUN = "f96f0bb8-0000-4000-8000-00000000000a"


def line(message: str, **more: object) -> str:
    return json.dumps({"message": message, "function_request_id": RUN, **more})


JOB = "job: "
"""Marks a line that a build wrote; the rest is the line."""
BUILD = "Boat-backup-app-job:b1"
HANDED_OVER = [
    line("backup.progress", step="connect", seconds=700.0),
    line(
        "backup.handed_over",
        build=BUILD,
        project="Boat-backup-app-job",
        reason="120 GB don't fit",
        expected_seconds=1860,
    ),
    f"END RequestId: {RUN}",
]
RUNS = {"buildStatus": "IN_PROGRESS", "currentPhase": "BUILD", "phases": []}

FINISHED = line("backup.finished", answer={"backup": "manual/app/2026-11-22T020000Z"})


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "FilterLogEvents")


class Logs:
    """CloudWatch Logs: at each look more lines, or an error."""

    def __init__(self, *looks: list[str] | str) -> None:
        self.looks = iter(looks)
        self.last: list[str] = []

    def filter_log_events(self, **asked: object) -> object:
        assert asked["limit"] == 1
        return {"events": []}

    def get_paginator(self, name: str) -> "Logs":
        assert name == "filter_log_events"
        return self

    def paginate(self, **asked: object) -> Iterator[object]:
        assert asked["filterPattern"] == f'"{RUN}"'
        found = next(self.looks, self.last)
        if isinstance(found, str):
            raise refusal(found)
        self.last = found
        for each in found:
            of_job = each.startswith(JOB)
            stream = "job/b1" if of_job else "2026/11/22/[$LATEST]0"
            yield {"events": [{"message": f"{each.removeprefix(JOB)}\n", "logStreamName": stream}]}


class Builds:
    """CodeBuild: at each question the next answer, or an error."""

    def __init__(self, *answers: dict[str, Any] | str) -> None:
        self.answers = list(answers)

    def batch_get_builds(self, ids: list[str]) -> object:
        assert ids == [BUILD]
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise refusal(answer)
        return {"builds": [answer]}


class Lambda:
    def __init__(self) -> None:
        self.events: list[object] = []

    def invoke(self, **asked: Any) -> object:
        assert asked["InvocationType"] == "Event"
        self.events.append(json.loads(asked["Payload"]))
        headers = {"date": "Sun, 22 Nov 2026 02:00:00 GMT"}
        return {"ResponseMetadata": {"RequestId": RUN, "HTTPHeaders": headers}}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(follow, "time", made)
    return made


@pytest.fixture
def run(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[[Logs], Any]:
    assert clock.now == 0

    def start(logs: Logs, builds: Builds | None = None, *, quiet: bool = True) -> Any:
        context = Context(Options(quiet=quiet))
        stack = Stack.__new__(Stack)
        stack.name = "Boat"
        clients = {"logs": logs, "lambda": Lambda(), "codebuild": builds}
        monkeypatch.setattr(stack, "client", clients.__getitem__)
        context.__dict__["stack"] = stack
        return follow.run(context, "backup", "app", {"database": "app"}, doing="-")

    return start


def ends(run: Callable[..., Any], logs: Logs, builds: Builds | None = None) -> CommandError:
    with pytest.raises(CommandError) as end:
        run(logs, builds)
    return end.value


def test_the_answer_comes_from_the_log_however_late_it_is(run: Callable[[Logs], Any]) -> None:
    logs = Logs([], ["START"], "ThrottlingException", [FINISHED])
    assert run(logs) == {"backup": "manual/app/2026-11-22T020000Z"}


def test_the_answer_may_come_after_the_line_of_the_runs_end(run: Callable[[Logs], Any]) -> None:
    over = f"END RequestId: {RUN}"
    assert run(Logs([over], [over], [over, FINISHED]))["backup"]


def test_a_run_that_lambda_killed_ends_as_failed(run: Callable[[Logs], Any], clock: Clock) -> None:
    error = ends(
        run, Logs([f"x {RUN} Task timed out after 900.00 seconds", f"END RequestId: {RUN}"])
    )
    assert error.code is ExitCode.FAILED
    assert "timed out after 900.00 seconds" in error.what
    assert clock.now < 15


def test_a_run_whose_last_words_are_missing_is_not_called_a_failure(
    run: Callable[[Logs], Any], clock: Clock
) -> None:
    error = ends(run, Logs([f"END RequestId: {RUN}"]))
    assert error.code == 5
    assert "has ended, but its log doesn't show how" in error.what
    assert f"lifeboat watch app --run {RUN}" in error.next_step
    assert follow.LAST_WORDS_SECONDS <= clock.now < follow.LONGEST_SECONDS


@pytest.mark.parametrize(
    ("lines", "said"), [([], "has not begun"), ([f"START RequestId: {RUN}"], "has not ended")]
)
def test_a_run_that_says_nothing_more_is_never_taken_for_done(
    run: Callable[[Logs], Any], clock: Clock, lines: list[str], said: str
) -> None:
    error = ends(run, Logs(lines))
    assert error.code == 5
    assert said in error.what
    assert f"lifeboat watch app --run {RUN}" in error.next_step
    assert clock.now >= follow.LONGEST_SECONDS


def test_who_loses_the_right_to_read_the_log_learns_that_the_run_goes_on(
    run: Callable[[Logs], Any],
) -> None:
    error = ends(run, Logs([], "AccessDeniedException"))
    assert error.code is ExitCode.RUNNING
    assert "Allow logs:FilterLogEvents on /aws/lambda/Boat-backup-app" in error.next_step


def test_who_may_not_read_the_log_starts_nothing(run: Callable[[Logs], Any]) -> None:
    class Closed(Logs):
        def filter_log_events(self, **_: object) -> object:
            raise refusal("AccessDeniedException")

    error = ends(run, Closed())
    assert error.code is ExitCode.FAILED
    assert "logs:FilterLogEvents" in error.next_step


def test_ctrl_c_says_that_the_run_goes_on(
    run: Callable[[Logs], Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep", interrupt)
    error = ends(run, Logs([]))
    assert error.code is ExitCode.INTERRUPTED
    assert RUN in error.what


def test_a_run_that_became_a_job_is_followed_to_the_jobs_answer(
    run: Callable[..., Any], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    job = [JOB + line("backup.progress", step=step, seconds=0.1) for step in ("look", "archive")]
    silence = [HANDED_OVER] * 200
    logs = Logs(HANDED_OVER, *silence, [*HANDED_OVER, *job], [*HANDED_OVER, *job, JOB + FINISHED])
    answer = run(logs, Builds(RUNS), quiet=False)
    assert answer == {"backup": "manual/app/2026-11-22T020000Z"}
    assert clock.now > follow.LONGEST_SECONDS
    told = capsys.readouterr().err.splitlines()
    assert [each.split()[-1] for each in told[1:2]] == ["connect"]
    assert told[2].startswith("Runs as a job: 120 GB don't fit. That takes about 31 min.")
    assert told[3] == f"Its build: {BUILD}"
    assert [each.split()[-1] for each in told[4:]] == ["look", "archive"]


def test_a_job_that_fails_is_a_failure(run: Callable[..., Any]) -> None:
    failed = line("backup.failed", error="E", error_type="CapacityError", safe="S", next="N")
    error = ends(run, Logs([*HANDED_OVER, JOB + failed]))
    assert (error.what, error.code) == ("E", ExitCode.FAILED)


def test_a_build_that_died_is_a_failure_that_says_where(
    run: Callable[..., Any], clock: Clock
) -> None:
    died = {
        "buildStatus": "FAILED",
        "currentPhase": "COMPLETED",
        "phases": [
            {"phaseType": "QUEUED", "phaseStatus": "SUCCEEDED"},
            {
                "phaseType": "INSTALL",
                "phaseStatus": "FAILED",
                "contexts": [{"statusCode": "X", "message": "no Python 3.13"}],
            },
            {"phaseType": "COMPLETED"},
        ],
    }
    error = ends(run, Logs(HANDED_OVER), Builds(RUNS, died))
    assert error.code is ExitCode.FAILED
    assert f"{BUILD} ended as FAILED in the phase INSTALL: no Python 3.13" in error.what
    assert f"aws codebuild batch-get-builds --ids {BUILD}" in error.next_step
    assert 120 < clock.now < 300


def test_a_build_that_succeeded_without_last_words_is_neither_success_nor_failure(
    run: Callable[..., Any],
) -> None:
    done = {"buildStatus": "SUCCEEDED", "currentPhase": "COMPLETED"}
    error = ends(run, Logs(HANDED_OVER), Builds(done))
    assert error.code is ExitCode.RUNNING
    assert f"aws codebuild batch-get-builds --ids {BUILD}" in error.next_step
    assert "lifeboat watch app --run" in error.next_step


def test_last_words_may_come_after_the_build_has_ended(run: Callable[..., Any]) -> None:
    died = {"buildStatus": "STOPPED", "currentPhase": "COMPLETED"}
    said = line("backup.failed", error="E", error_type="TerminatedError", safe="S", next="N")
    logs = Logs(*[HANDED_OVER] * 12, [*HANDED_OVER, JOB + said])
    assert ends(run, logs, Builds(died)).what == "E"


def test_who_may_not_ask_codebuild_is_told_once_and_waits_for_an_hour_of_silence(
    run: Callable[..., Any], clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as end:
        run(Logs(HANDED_OVER), Builds("AccessDeniedException"), quiet=False)
    assert end.value.code is ExitCode.RUNNING
    assert capsys.readouterr().err.count("Allow codebuild:BatchGetBuilds") == 1
    assert 3600 <= clock.now < 3700


def test_a_job_that_waits_is_watched_for_hours_but_not_for_ever(
    run: Callable[..., Any], clock: Clock
) -> None:
    error = ends(run, Logs(HANDED_OVER), Builds(RUNS))
    assert error.code is ExitCode.RUNNING
    assert 44 * 3600 <= clock.now < 45 * 3600
