"""Which runs go on, by their logs: those of functions, and those that became jobs."""

import io
import json

import boto3
import pytest
from rich.console import Console

from lifeboat_cli import found_runs
from lifeboat_cli.commands.runs import listing, result_of
from lifeboat_cli.context import Context, Options
from lifeboat_cli.found_runs import STALE, STALE_JOB, FoundRun
from lifeboat_cli.run_log import RunLog
from lifeboat_cli.stack import Stack

RUN = "f96f0bb8-0000-4000-8000-00000000000a"
OTHER = "85a51bf0-aed0-46c2-9623-0797123fa835"
END = f"END RequestId: {RUN}"


def line(message: str, **more: object) -> str:
    return json.dumps({"message": message, "function_request_id": RUN, **more})


HANDED_OVER = line("backup.handed_over", build="P:1", project="P", reason="Too large.")
AT_WORK = line("backup.progress", step="archive", seconds=1.0)
DONE = line("backup.finished", answer={"backup": "daily/app/2026-11-22T020000Z"})


def found(function: list[str], job: list[str]) -> FoundRun:
    log = RunLog(RUN)
    log.add(function)
    log.add(job, of_job=True)
    return FoundRun("backup", "app", "Boat-backup-app", 0, 0, log)


@pytest.mark.parametrize(
    ("function", "job", "later", "goes_on", "said"),
    [
        ([AT_WORK], [], 0, "goes on", "running: archive"),
        ([AT_WORK, END], [], 0, "over", "ended; its log doesn't show how"),
        ([AT_WORK], [], STALE + 1, "over", "killed"),
        ([HANDED_OVER, END], [], STALE + 1, "goes on", "waiting for a machine"),
        ([HANDED_OVER, END], [AT_WORK], STALE + 1, "goes on", "running: archive"),
        ([HANDED_OVER, END], [AT_WORK, DONE], 0, "over", "daily/2026-11-22T020000Z"),
        ([HANDED_OVER, END], [AT_WORK], STALE_JOB + 1, "over", "killed"),
    ],
)
def test_a_run_goes_on_until_its_own_end(
    function: list[str], job: list[str], later: int, goes_on: str, said: str
) -> None:
    run = found(function, job)
    assert run.over(later) is (goes_on == "over")
    assert result_of(run, later) == said


def begun(job: str, **event: object) -> list[dict[str, object]]:
    asked = {"action": "restore", "database": "app", **event}
    answer = {"plan": "2026-11-22T103000Z", "backup": "manual/app/2026-11-22T103000Z"}
    return events_of(line(f"{job}.started", event=asked), line(f"{job}.finished", answer=answer))


def events_of(*lines: str) -> list[dict[str, object]]:
    """Lines as CloudWatch answers them."""
    return [{"message": each, "timestamp": 1, "logStreamName": "a"} for each in lines]


@pytest.mark.parametrize(
    ("job", "event", "shown"),
    [
        ("restore", {}, []),
        ("restore", {"execute": True}, [("restore", "manual/2026-11-22T103000Z")]),
        ("neon-restore", {}, [("restore by neon", "plan")]),
        (
            "neon-restore",
            {"execute": True},
            [("restore by neon", "manual/2026-11-22T103000Z")],
        ),
        ("neon-restore", {"database": "other"}, []),
    ],
)
def test_plans_by_neon_are_found_again_and_others_are_no_runs(
    job: str,
    event: dict[str, object],
    shown: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = runs_of_app({f"Boat-{job}": begun(job, **event)}, monkeypatch)
    assert [(each.action, result_of(each, 0)) for each in runs] == shown


def runs_of_app(
    logs: dict[str, list[dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> list[FoundRun]:
    """The runs of `app` in these events by the function's name."""

    def events(_: object, function: str, __: int, **___: bool) -> list[dict[str, object]]:
        return logs.get(function, [])

    monkeypatch.setattr(found_runs, "_events", events)
    context = Context(Options())
    context.stack = Stack("Boat", boto3.Session(region_name="us-east-1"))
    return found_runs.find_runs(context, "app", 0)


def test_an_event_that_was_refused_is_no_run_of_any_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = line("restore.failed", error_type="EventError", error="None.", safe="", next="")
    assert runs_of_app({"Boat-restore": events_of(refused, END)}, monkeypatch) == []


@pytest.mark.parametrize(
    "text",
    [
        f"AccessDenied: assumed-role/Job/AWSCodeBuild-{OTHER} is not authorized",
        f"duplicate key value: (id)=({OTHER}) already exists",
        f'{{"message": "botocore", "why": "{OTHER}"}}',
    ],
)
def test_an_id_in_a_text_is_no_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = {"Boat-backup-app": events_of(DONE, text)}
    assert [each.log.run for each in runs_of_app(logs, monkeypatch)] == [RUN]


@pytest.mark.parametrize(
    "text",
    [
        f"START RequestId: {OTHER} Version: $LATEST",
        f"REPORT RequestId: {OTHER}\tDuration: 3.00 ms",
        f"RequestId: {OTHER} Error: Runtime exited with error: signal: killed",
        f"2026-11-22T02:15:00.000Z {OTHER} Task timed out after 900.00 seconds",
    ],
)
def test_lambda_s_own_lines_tell_of_a_run_that_says_nothing_itself(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = runs_of_app({"Boat-backup-app": events_of(text)}, monkeypatch)
    assert run.log.run == OTHER


@pytest.mark.parametrize("width", [80, 120])
def test_every_id_is_on_one_line_and_no_line_is_too_long(width: int) -> None:
    log = RunLog(RUN)
    log.add([line("restore.finished", answer={"backup": "monthly/app/2026-11-22T020000Z"})])
    runs = [FoundRun("backup", "app", "Boat-backup-app", 0, 0, log, action="restore-tables")]
    file = io.StringIO()
    for found in (runs, [*runs, FoundRun("drill", "billing-archive", "f", 0, 0, log)]):
        Console(file=file, width=width).print(listing(found, 0, width))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert sum("monthly/2026-11-22T020000Z  " in each for each in lines) == 3
    assert sum(RUN[:8] in each for each in lines) == 3
