"""The status for a terminal: a table that fits 80 columns, and the findings."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from lifeboat.alerts.policy.findings import Finding
from lifeboat.alerts.policy.messages import described
from lifeboat.model.engine import Engine
from lifeboat.model.text import format_age, format_size, format_time, line

if TYPE_CHECKING:
    from lifeboat.monitor.policy.silence_answer import MutedFindings
    from lifeboat.monitor.policy.status import DatabaseStatus, DrillStatus, JobStatus

_WIDTH = 78  # of a line below a database's, which is indented
_HEADINGS = ("DATABASE", "HEALTH", "BACKUP", "SIZE", "ROWS", "DRILL", "DRILLED")


def severity(row: "DatabaseStatus") -> tuple[int, int, int]:
    """The sort key that puts the worst database first."""
    return row.health.rank, -row.critical_findings, -row.warnings


def table_of(databases: Iterable["DatabaseStatus"]) -> str:
    """A line of figures for each, the worst first; below it the worst finding, and the cost."""
    rows = sorted(databases, key=severity)
    first, *aligned = _aligned([_HEADINGS, *map(_cells, rows)])
    lines = [first]
    for row, cells in zip(rows, aligned, strict=True):
        lines += [cells, *(f"  {each}" for each in _details(row))]
    return "\n".join(lines)


def _cells(row: "DatabaseStatus") -> tuple[str, ...]:
    if not row.checked:
        return (row.name, row.health.words, *"?" * (len(_HEADINGS) - 2))
    backup, drill = row.newest_backup, row.newest_drill
    return (
        row.name,
        row.health.words,
        format_age(timedelta(hours=backup.age_hours)) if backup else "none",
        format_size(backup.archive_bytes) if backup else "-",
        f"{backup.rows:,}" if backup else "-",
        drill.verdict if drill else "never",
        format_age(timedelta(days=drill.age_days)) if drill else "-",
    )


def _details(row: "DatabaseStatus") -> Iterator[str]:
    """The worst finding, what runs as a job; tier, time, cost; what the provider can give back."""
    if row.worst_finding:
        yield line(row.worst_finding)
    for job in row.jobs:
        yield from wrap(job_in_words(job), _WIDTH)
    parts = [
        f"{row.newest_backup.tier} backup{_taken_in(row)}" if row.newest_backup else "",
        f"restored in {_minutes(row.newest_drill)}" if row.newest_drill else "",
        f"reads {row.transfer.cell} a month" if row.transfer else "",
        f"${row.monthly_cost:,.2f} a month" if row.monthly_cost is not None else "",
    ]
    if row.checked:
        yield from wrap(", ".join(filter(None, parts)), _WIDTH)
    if row.provider:
        yield from wrap(line(row.provider.says), _WIDTH)


def job_in_words(job: "JobStatus") -> str:
    """A sentence about a run that goes on as a job."""
    state = "waits for its job" if job.waits else "runs as a job"
    why = f": {line(job.reason)}" if job.reason else ""
    return f"a {job.kind} {state} since {format_time(job.since)}{why}"


def _taken_in(row: "DatabaseStatus") -> str:
    backup = row.newest_backup
    return " by a job" if backup and backup.engine is Engine.JOB else ""


def _minutes(drill: "DrillStatus") -> str:
    """A drill's duration, and its target."""
    return f"{drill.seconds / 60:.1f} of {drill.rto_seconds / 60:.0f} min"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return [each.rstrip() for each in lines]


def muted_text(muted: Sequence["MutedFindings"]) -> str:
    """What nobody is notified of, and until when."""
    lines = [
        f"  {each.database or 'the bucket'} {line(each.code)} until {format_time(each.until)}"
        for each in muted
    ]
    return "\n".join(["MUTED: nobody is notified of these, but they count as before", *lines])


def block_of(finding: Finding, now: datetime) -> str:
    """A finding with its facts and advice; no name can start a new line."""
    steps = [f"{number}. {line(str(step))}" for number, step in enumerate(finding.advice, 1)]
    lines = [*described(finding, now).split("\n"), *steps]
    whose = finding.database or "the bucket"
    head = f"{finding.level.upper()}: {whose} {line(finding.headline)}"
    return "\n".join([head, *(f"  {each}" for each in lines)])
