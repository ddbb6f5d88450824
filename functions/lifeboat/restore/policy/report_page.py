"""A restore's report as a page, with the frame and the sections of a drill's."""

from collections.abc import Iterator
from html import escape

from lifeboat.model.drill_report import Verdict
from lifeboat.model.page import Page, Section, figures, points
from lifeboat.model.text import format_duration, format_time
from lifeboat.recovery.policy.report_sections import (
    REPORT_STYLE,
    checks_section,
    steps,
    tables_section,
)
from lifeboat.restore.policy.report import RestoreReport

_SENTENCES = {
    Verdict.PROVEN: "It is as the manifest says.",
    Verdict.PARTIAL: "Not all of it could be compared with the manifest.",
    Verdict.FAILED: "It is not what the manifest says: read the reasons before anybody uses it.",
}
_ACTIONS = {"restore": "Restore", "restore-tables": "Restore of tables"}


def render_page(report: RestoreReport) -> str:
    """The page, in HTML that is whole in itself; every word of the report is escaped."""
    started = format_time(report.started)
    return Page(
        title=f"Restore of {report.database}: {report.verdict}, {started}",
        mood=report.verdict,
        kicker=f"{_ACTIONS[report.action]} of {report.database}, {started}",
        heading=report.verdict.capitalize(),
        lead=f"<p>{_sentence(report)}</p>\n{points(report.reasons, 'reasons')}",
        sections=(
            *([Section("Notes", points(report.notes, "notes"))] if report.notes else []),
            Section("How long it took", _times(report)),
            checks_section(report.checks),
            tables_section(report.tables),
            Section("Facts", figures(_facts(report))),
        ),
        style=REPORT_STYLE,
    ).html


def _sentence(report: RestoreReport) -> str:
    return (
        f"The backup <code>{escape(report.backup)}</code> was restored into the new database"
        f" <code>{escape(report.restored_database)}</code> on"
        f" <code>{escape(report.server)}</code>. {_SENTENCES[report.verdict]}"
    )


def _times(report: RestoreReport) -> str:
    return f"<p>{format_duration(report.total_seconds)} in all.</p>{steps(report.seconds)}"


def _facts(report: RestoreReport) -> Iterator[tuple[str, str]]:
    yield "Database", report.database
    yield "Backup", report.backup
    yield "Data as of", format_time(report.snapshot_time)
    yield "Restored database", report.restored_database
    yield "Live database", report.live_database
    yield "Server", f"{report.server}, {report.server_version}"
    yield "Rows restored", f"{report.rows:,}"
    yield "Ran in", f"a {report.engine}"
    yield "Started", format_time(report.started)
    yield "Run", report.run_id
    yield "Lifeboat", report.lifeboat_version
