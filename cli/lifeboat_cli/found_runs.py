"""Finds runs in the functions' logs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifeboat_cli.aws_errors import explained
from lifeboat_cli.follow import line_of
from lifeboat_cli.jobs import LONGEST_SECONDS
from lifeboat_cli.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lifeboat_cli.context import Context

_ID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_OF_LAMBDA = re.compile(rf"(?:(?:START|END|REPORT) )?RequestId: {_ID}|\S+ {_ID} Task timed out")
"""How Lambda's own lines begin. Any other text may name any id: that of a build, or of a row."""
_LOOKS_ONLY = ("list", "tables")
_BY_NEON = "neon-restore"
_RESTORES = {"restore", _BY_NEON}
_OUTPUT = "BackupFunctionName"

STALE = 1_000_000
"""Milliseconds of silence after which a function's run is over: Lambda allows fifteen minutes."""

STALE_JOB = round(LONGEST_SECONDS * 1000)
"""The same of a job: a build may wait for hours, and a step without figures may take as long."""


@dataclass
class FoundRun:
    """A run that a function's log has.

    Attributes:
        job: backup, drill, restore or neon-restore.
        database: whose; "" if the log doesn't say.
        function: the function's name.
        begun: the time of its first line, in milliseconds since 1970.
        last: the time of its last line.
        log: what it says.
        action: of a restore: what was asked for.
        plan: of a restore: whether it only answered with a plan.
    """

    job: str
    database: str
    function: str
    begun: int
    last: int
    log: RunLog
    action: str = ""
    plan: bool = False

    def over(self, now: int) -> bool:
        """Whether it has ended, as far as the log shows.

        Args:
            now: milliseconds since 1970.
        """
        ended = self.log.ended and not self.log.job
        return ended or self.log.settled or self.stale(now)

    def stale(self, now: int) -> bool:
        """Whether a run without an end must be over: it was silent for longer than it may last.

        Args:
            now: milliseconds since 1970.
        """
        return now - self.last > (STALE_JOB if self.log.job else STALE)


def databases(context: Context) -> list[str]:
    """The names of the databases, from the stack's outputs.

    Raises:
        CommandError: they can't be read.
    """
    prefix = context.stack.function("backup", "")
    found = (value for key, value in context.stack.outputs.items() if _OUTPUT in key)
    return sorted(each[len(prefix) + 1 :] for each in found)


def find_runs(context: Context, database: str, since: int) -> list[FoundRun]:
    """The runs of a database that have changed or may change something, the newest first.

    Args:
        context: of the command.
        database: whose.
        since: milliseconds since 1970.

    Raises:
        CommandError: a log can't be read.
    """
    found = [
        *_runs(context, "backup", database, context.stack.function("backup", database), since),
        *_runs(context, "drill", database, context.stack.function("drill", database), since),
        *(
            run
            for job in sorted(_RESTORES)
            for run in _runs(context, job, database, context.stack.function(job), since)
        ),
    ]
    return sorted(found, key=lambda each: each.begun, reverse=True)


def _runs(
    context: Context, job: str, database: str, function: str, since: int
) -> Iterable[FoundRun]:
    runs: dict[str, FoundRun] = {}
    for event in _events(context, function, since, needed=job == "backup"):
        (line, of_job), time = line_of(event), event["timestamp"]
        run_id = _own_id(line)
        if not run_id:
            continue
        run = runs.setdefault(run_id, FoundRun(job, database, function, time, time, RunLog(run_id)))
        run.begun, run.last = min(run.begun, time), max(run.last, time)
        run.log.add([line], of_job=of_job)
        _note(run, line)
    return [each for each in runs.values() if _counts(each, database)]


def _own_id(line: str) -> str | None:
    """The id of the run that a line is about; None if it doesn't say."""
    if match := _OF_LAMBDA.match(line):
        return match[1] or match[2]
    told = _told(line)
    return told.get("function_request_id") or told.get("run_id")


def _told(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _note(run: FoundRun, line: str) -> None:
    """Note what a restore was asked for."""
    told = _told(line)
    if told.get("message") in {f"{each}.started" for each in _RESTORES}:
        event = told.get("event") or {}
        run.database = str(event.get("database", ""))
        run.action = str(event.get("action", ""))
        run.plan = not event.get("execute")
        if run.job == _BY_NEON:
            run.action += " by neon"


def _counts(run: FoundRun, database: str) -> bool:
    if run.job not in _RESTORES:
        return True
    if not run.action and (run.log.ended or run.log.settled):
        return False  # an event that was refused, of whatever database
    # A plan by Neon takes minutes, and whoever stopped watching it comes back; others take seconds.
    shown = run.job == _BY_NEON or not run.plan
    return run.database == database and run.action not in _LOOKS_ONLY and shown


def _events(context: Context, function: str, since: int, *, needed: bool = False) -> Iterable[Any]:
    group = f"/aws/lambda/{function}"
    with explained(f"logs:FilterLogEvents on the log group {group}"):
        logs = context.stack.client("logs")
        try:
            pages = list(
                logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group, startTime=since
                )
            )
        except logs.exceptions.ResourceNotFoundException:
            if needed:
                raise
            return []  # settings without drills, or without restores
    return [event for page in pages for event in page["events"]]
