"""Checks whether functions have the memory that the database's largest row needs."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.engine import Engine
from lifeboat.model.steps import plain_steps
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.settings.row_memory import RowMemory, row_memory


def memory_findings(view: DatabaseView) -> Iterator[Finding]:
    """Which functions are too small, or nearly, for the largest row of the newest backup."""
    if not view.complete:
        return
    newest, settings = view.complete[0], view.settings
    row = newest.largest_row_bytes, newest.largest_row_table
    # A job's machine has room for any row.
    by_function = newest.engine is Engine.FUNCTION
    drilled_by_job = any(each.engine is Engine.JOB for each in view.reports[:1])
    if by_function and (short := row_memory("backup", settings.backup.memory_mb, *row)):
        safe = "Backups are still complete. A run that lacks memory ends, and publishes nothing."
        yield _finding(view, newest, Code.BACKUP_MEMORY_AT_RISK, short, safe)
    short = row_memory("drill", settings.drill.memory_mb, *row)
    if short and settings.drill.enabled and not drilled_by_job:
        safe = "Backups are not affected, only drills are."
        yield _finding(view, newest, Code.DRILL_MEMORY_AT_RISK, short, safe)


def _finding(
    view: DatabaseView, newest: BackupFacts, code: Code, short: RowMemory, safe: str
) -> Finding:
    function = short.setting.partition(".")[0]
    return Finding(
        code=code,
        level=Level.WARNING,
        database=view.name,
        headline=f"has a row that a {function} has little memory for",
        fact=f"By {newest.location.id}: {short.fact}",
        limit=f"80 % of {short.memory_mb:,} MB ({short.setting})",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe=safe,
        advice=plain_steps(*short.advice),
    )
