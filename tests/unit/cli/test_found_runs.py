"""Which runs go on, by their logs: those of functions, and those that became jobs."""

import json

import boto3
import pytest

from lifeboat_cli import found_runs
from lifeboat_cli.commands.runs import result_of
from lifeboat_cli.context import Context, Options
from lifeboat_cli.found_runs import STALE, STALE_JOB, FoundRun
from lifeboat_cli.run_log import RunLog
from lifeboat_cli.stack import Stack

RUN = "f96f0bb8-0000-4000-8000-00000000000a"
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
    lines = [line(f"{job}.started", event=asked), line(f"{job}.finished", answer=answer)]
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
    def events(_: object, function: str, __: int) -> list[dict[str, object]]:
        return begun(job, **event) if function == f"Boat-{job}" else []

    monkeypatch.setattr(found_runs, "_events", events)
    context = Context(Options())
    context.stack = Stack("Boat", boto3.Session(region_name="us-east-1"))
    runs = found_runs.find_runs(context, "app", 0)
    assert [(each.action, result_of(each, 0)) for each in runs] == shown
