"""A drill's report as a page: one file for a browser or a printer, nothing to fetch, no script."""

from collections.abc import Iterator
from html import escape

from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.engine import Engine
from lifeboat.model.page import Page, Section, figures, points
from lifeboat.model.text import format_duration, format_size, format_time
from lifeboat.recovery.policy.report_sections import (
    REPORT_STYLE,
    checks_section,
    colour,
    steps,
    tables_section,
)

_SENTENCES = {
    Verdict.PROVEN: "came back whole: everything in its manifest was found in a restored copy.",
    Verdict.PARTIAL: "came back, but not all of it could be tested here.",
    Verdict.FAILED: "did not pass: don't rely on it before the reasons are understood.",
}
_LIMITS = {
    "rto": "misses the target of {target}",
    "time": "no longer fits into the {engine}'s time",
    "disk": "no longer fits onto the {engine}'s disk",
}
_SIZED = {Engine.FUNCTION: "Function", Engine.JOB: "Machine of the job"}


def render_page(report: DrillReport) -> str:
    """The page, in HTML that is whole in itself; every word of the report is escaped."""
    advice = f'<p class="advice">{escape(report.advice)}</p>' if report.advice else ""
    started = format_time(report.started)
    return Page(
        title=f"{report.database}: {report.verdict}, {started}",
        mood=report.verdict,
        kicker=f"Restore drill of {report.database}, {started}",
        heading=report.verdict.capitalize(),
        lead=f"<p>{_sentence(report)}</p>\n{points(report.reasons, 'reasons')}{advice}",
        sections=(
            Section("How long it took", _times(report)),
            Section("At which size it reaches a limit", _limits(report)),
            checks_section(report.checks),
            tables_section(report.tables),
            Section("Facts", figures(_facts(report))),
        ),
        style=REPORT_STYLE,
    ).html


def _sentence(report: DrillReport) -> str:
    if report.backup is None:
        return "There was no backup to test."
    return f"The backup <code>{escape(report.backup)}</code> {escape(_SENTENCES[report.verdict])}"


def _times(report: DrillReport) -> str:
    """The steps' times twice: in one bar that is as long as the target, and each by itself."""
    whole = max(report.rto_seconds, report.total_seconds, sum(report.seconds.values()))
    parts = "".join(
        f'<i class="{colour(number)}" style="width:{seconds / whole:.4%}"></i>'
        for number, seconds in enumerate(report.seconds.values())
    )
    mark = report.rto_seconds / whole
    return (
        f"<p>{_margin(report)}{_waited(report)}</p>"
        f'<div class="target" role="img" aria-label="{escape(_margin(report))}">{parts}'
        f'<b style="left:{mark:.4%}"></b></div>'
        f'<p class="scale"><span>0</span><span>{format_duration(whole)}</span></p>'
        f"{steps(report.seconds)}"
    )


def _margin(report: DrillReport) -> str:
    target, margin = format_duration(report.rto_seconds), report.rto_margin_seconds
    kept = (
        f"{format_duration(margin)} to spare"
        if margin >= 0
        else f"missed by {format_duration(-margin)}"
    )
    return f"{format_duration(report.total_seconds)} in all; the target is {target}: {kept}."


def _waited(report: DrillReport) -> str:
    if report.waited_seconds is None:
        return ""
    waited = format_duration(report.waited_seconds)
    return f" Before, it waited {waited} for the job's machine, which is not counted."


def _limits(report: DrillReport) -> str:
    if not report.limits or report.database_bytes is None:
        return "<p>Not everything was measured, so it can't be said.</p>"
    here = [(limit, report.engine) for limit in report.limits]
    there = [(limit, Engine.JOB) for limit in report.job_limits]
    ordered = sorted([*here, *there], key=lambda each: each[0].database_bytes)
    lines = (_limit(report, limit, engine) for limit, engine in ordered)
    now = f"The database had {format_size(report.database_bytes)}. At the pace of this drill:"
    return f"<p>{now}</p>{points(lines, 'limits')}"


def _limit(report: DrillReport, limit: Limit, engine: Engine) -> str:
    target = format_duration(report.rto_seconds)
    moves = report.job_limits and engine is Engine.FUNCTION and limit.what != "rto"
    then = " and runs as a job" if moves else ""
    what = _LIMITS[limit.what].format(target=target, engine=engine)
    return f"At {format_size(limit.database_bytes)} it {what}{then}."


def _facts(report: DrillReport) -> Iterator[tuple[str, str]]:
    yield "Database", report.database
    yield "Backup", report.backup or "none"
    if report.snapshot_time is not None:
        yield "Data as of", format_time(report.snapshot_time)
    yield "Restored into", report.target
    if report.branch is not None:
        yield "Branch", f"{report.branch.name} ({report.branch.id}), which was made for it"
    if report.branch_missing is not None:
        yield "Into no branch", report.branch_missing
    if report.server_version is not None:
        yield "Server", report.server_version
    yield "Rows compared", f"{report.rows:,}"
    sizes = (
        ("Archive", report.archive_bytes),
        ("Database on disk", report.database_bytes),
        ("Most disk in use", report.disk_bytes),
    )
    yield from ((name, format_size(amount)) for name, amount in sizes if amount is not None)
    size = f"{report.memory_mb:,} MB of memory, {report.ephemeral_mb:,} MB of disk"
    yield _SIZED[report.engine], size
    yield "Started", format_time(report.started)
    yield "Run", report.run_id
    yield "Lifeboat", report.lifeboat_version
