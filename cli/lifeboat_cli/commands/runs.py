"""`lifeboat runs`: what has run, and how did it end?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from lifeboat_cli.backup_ids import short_id
from lifeboat_cli.found_runs import FoundRun, databases, find_runs
from lifeboat_cli.options import command as declared
from lifeboat_cli.tables import table
from lifeboat_cli.text import from_milliseconds, safe_line, shortened

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

_HEADINGS = ("BEGUN (UTC)", "RUN", "DATABASE", "RESULT", "ID")
_DAY = 86_400_000
SHORT = 8
"""Characters of a run's id that tell it from others."""

_WAITS = "waiting for a machine"
_WIDTH = 33
"""Characters of a result; `lifeboat watch --run` shows all of an error."""


@declared(json=False, sends_event=False)
@click.argument("database", required=False)
@click.option("--days", default=7, show_default=True, help="How far to look back.")
def runs(context: Context, database: str | None, days: int) -> None:
    """Show the last backups, drills and restores, from the functions' logs."""
    now = int(time.time() * 1000)
    names = [database] if database else databases(context)
    found = [each for name in names for each in find_runs(context, name, now - days * _DAY)]
    found.sort(key=lambda each: each.begun, reverse=True)
    if found:
        context.show(table(_HEADINGS, (_cells(each, now) for each in found)))
    else:
        context.show(f"Nothing has run in the last {days} days, as far as the logs show.")


command = runs


def result_of(run: FoundRun, now: int) -> str:
    """How it ended, in a few words."""
    log = run.log
    if log.failure:
        return shortened(f"failed: {safe_line(log.failure['errorMessage'])}", _WIDTH)
    if log.answer is not None:
        answer = log.answer
        came_to = answer.get("verdict") or short_id(answer.get("backup") or "done")
        return "plan" if run.plan else str(came_to)
    if log.job and not run.stale(now):
        return f"running: {log.progress.step}" if log.in_job and log.progress else _WAITS
    if log.killed() or ((log.job or not log.ended) and run.stale(now)):
        return "killed"
    if log.ended:
        return "ended; its log doesn't show how"
    return f"running: {log.progress.step}" if log.progress else "running"


def _cells(run: FoundRun, now: int) -> tuple[str, ...]:
    return (
        from_milliseconds(run.begun),
        f"{run.action or run.job}{' (job)' if run.log.job else ''}",
        run.database,
        result_of(run, now),
        run.log.run[:SHORT],
    )
