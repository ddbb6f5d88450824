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
    from collections.abc import Sequence

    from rich.table import Table

    from lifeboat_cli.context import Context

_DATABASE = "DATABASE"
_HEADINGS = ("BEGUN (UTC)", "RUN", _DATABASE, "RESULT", "ID")
_DAY = 86_400_000
_MOST_DAYS = 3653
"""CloudWatch keeps a log for ten years at most."""

SHORT = 8
"""Characters of a run's id that tell it from others."""

_WAITS = "waiting for a machine"
_WIDTH, _NARROW_WIDTH = 33, 26
"""Characters of a result; `lifeboat watch --run` shows all of an error. The longest id has 26."""

_ALL_COLUMNS = 100


@declared(json=False, sends_event=False)
@click.argument("database", required=False)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    metavar="NUMBER",
    default=7,
    show_default=True,
    help="How far to look back.",
)
def runs(context: Context, database: str | None, days: int) -> None:
    """Show the last backups, drills and restores, from their logs."""
    now = int(time.time() * 1000)
    names = [database] if database else databases(context)
    found = [each for name in names for each in find_runs(context, name, now - days * _DAY)]
    found.sort(key=lambda each: each.begun, reverse=True)
    if found:
        context.show(listing(found, now, context.out.width))
    else:
        context.show(f"Nothing has run in the last {days} days, as far as the logs show.")


command = runs


def listing(found: Sequence[FoundRun], now: int, width: int) -> Table:
    """The table of runs; no id in it is ever folded, also in a narrow terminal.

    Args:
        found: the runs.
        now: milliseconds since 1970.
        width: columns of the terminal.
    """
    wide = width >= _ALL_COLUMNS
    rows = [_cells(each, now, _WIDTH if wide else _NARROW_WIDTH) for each in found]
    headings: Sequence[str] = _HEADINGS
    if not wide and len({each.database for each in found}) == 1:
        headings = [each for each in headings if each != _DATABASE]
        rows = [row[:2] + row[3:] for row in rows]
    return table(headings, rows, whole="RESULT ID")


def result_of(run: FoundRun, now: int, width: int = _WIDTH) -> str:
    """How it ended, in a few words.

    Args:
        run: the run.
        now: milliseconds since 1970.
        width: at most so many characters.
    """
    return shortened(_result(run, now), width)


def _result(run: FoundRun, now: int) -> str:
    log = run.log
    if log.failure:
        return f"failed: {safe_line(log.failure['errorMessage'])}"
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


def _cells(run: FoundRun, now: int, width: int) -> tuple[str, ...]:
    return (
        from_milliseconds(run.begun),
        f"{run.action or run.job}{' (job)' if run.log.job else ''}",
        run.database,
        result_of(run, now, width),
        run.log.run[:SHORT],
    )
