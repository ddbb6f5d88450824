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
            yield {"events": [{"message": f"{each}\n"}]}


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

    def start(logs: Logs) -> Any:
        context = Context(Options(quiet=True))
        stack = Stack.__new__(Stack)
        stack.name = "Boat"
        clients = {"logs": logs, "lambda": Lambda()}
        monkeypatch.setattr(stack, "client", clients.__getitem__)
        context.__dict__["stack"] = stack
        return follow.run(context, "backup", "app", {"database": "app"}, doing="-")

    return start


def ends(run: Callable[[Logs], Any], logs: Logs) -> CommandError:
    with pytest.raises(CommandError) as end:
        run(logs)
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
