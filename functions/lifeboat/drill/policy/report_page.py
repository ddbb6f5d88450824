"""A drill's report as a page: one file for a browser or a printer, nothing to fetch, no script."""

from collections.abc import Iterable, Iterator
from html import escape

from lifeboat.drill.policy.report_template import FRAME
from lifeboat.model.drill_report import Check, DrillReport, Outcome, TableResult, Verdict
from lifeboat.model.identifiers import qualified
from lifeboat.model.text import format_duration, format_size, format_time

_SENTENCES = {
    Verdict.PROVEN: "came back whole: everything that it claims was found in a restored copy.",
    Verdict.PARTIAL: "came back, but not all of it could be tested here.",
    Verdict.FAILED: "did not pass: don't rely on it before the reasons are understood.",
}
_OUTCOMES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.UNTESTED: "untested"}
_LIMITS = {
    "rto": "misses the target of {target}",
    "time": "no longer fits into the function's time",
    "disk": "no longer fits onto the function's disk",
}
_LEFT_OUT = "left out"
_ORDER = ("failed", "untested", "passed", _LEFT_OUT)


def render_page(report: DrillReport) -> str:
    """The page, in HTML that is whole in itself; every word of the report is escaped."""
    return FRAME.substitute(
        title=escape(f"{report.database}: {report.verdict}, {format_time(report.started)}"),
        verdict=escape(report.verdict),
        heading=escape(report.verdict.capitalize()),
        database=escape(report.database),
        started=escape(format_time(report.started)),
        sentence=_sentence(report),
        reasons=_list(report.reasons, "reasons"),
        advice=f'<p class="advice">{escape(report.advice)}</p>' if report.advice else "",
        times=_times(report),
        limits=_limits(report),
        checks="".join(map(_check, report.checks)),
        tables=_tables(report),
        facts="".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(fact)}</dd></div>"
            for name, fact in _facts(report)
        ),
    )


def _sentence(report: DrillReport) -> str:
    if report.backup is None:
        return "There was no backup to test."
    return f"The backup <code>{escape(report.backup)}</code> {escape(_SENTENCES[report.verdict])}"


def _list(items: Iterable[str], kind: str) -> str:
    points = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f'<ul class="{kind}">{points}</ul>' if points else ""


def _times(report: DrillReport) -> str:
    """The steps' times twice: in one bar that is as long as the target, and each by itself."""
    whole = max(report.rto_seconds, report.total_seconds, sum(report.seconds.values()))
    longest = max(report.seconds.values(), default=0.0) or 1.0
    parts, rows = [], []
    for number, (step, seconds) in enumerate(report.seconds.items()):
        colour = f"c{number % 9}"
        parts.append(f'<i class="{colour}" style="width:{seconds / whole:.4%}"></i>')
        rows.append(
            f'<tr><th scope="row">{escape(step)}</th><td class="n">{format_duration(seconds)}</td>'
            f'<td class="bar"><i class="{colour}" style="width:{seconds / longest:.2%}"></i></td>'
            "</tr>"
        )
    mark = report.rto_seconds / whole
    return (
        f"<p>{_margin(report)}</p>"
        f'<div class="target" role="img" aria-label="{escape(_margin(report))}">{"".join(parts)}'
        f'<b style="left:{mark:.4%}"></b></div>'
        f'<p class="scale"><span>0</span><span>{format_duration(whole)}</span></p>'
        f'<table class="steps"><tbody>{"".join(rows)}</tbody></table>'
    )


def _margin(report: DrillReport) -> str:
    target, margin = format_duration(report.rto_seconds), report.rto_margin_seconds
    kept = (
        f"{format_duration(margin)} to spare"
        if margin >= 0
        else f"missed by {format_duration(-margin)}"
    )
    return f"{format_duration(report.total_seconds)} in all; the target is {target}: {kept}."


def _limits(report: DrillReport) -> str:
    if not report.limits or report.database_bytes is None:
        return "<p>Not everything was measured, so it can't be said.</p>"
    ordered = sorted(report.limits, key=lambda limit: limit.database_bytes)
    points = (
        f"At {format_size(limit.database_bytes)} it"
        f" {_LIMITS[limit.what].format(target=format_duration(report.rto_seconds))}."
        for limit in ordered
    )
    now = f"The database had {format_size(report.database_bytes)}. At the pace of this drill:"
    return f"<p>{now}</p>{_list(points, 'limits')}"


def _check(check: Check) -> str:
    details = _list(check.details, "details")
    outcome = _OUTCOMES[check.outcome]
    return (
        f'<li class="{outcome}"><span class="tag">{outcome}</span> <strong>{escape(check.name)}'
        f"</strong>{details}</li>"
    )


def _tables(report: DrillReport) -> str:
    """A row for each table, those with something to say first; a phone shows how it went."""
    if not report.tables:
        return "<p>No tables were compared.</p>"
    rows = "".join(map(_table, sorted(report.tables, key=lambda t: _ORDER.index(_outcome(t)))))
    return (
        '<div class="wide"><table class="tables"><thead><tr><th scope="col">Outcome</th>'
        '<th scope="col">Table</th><th scope="col" class="n">Claimed</th>'
        '<th scope="col" class="n">Restored</th><th scope="col">Content</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _outcome(table: TableResult) -> str:
    """In a word. One that is there and still untested is one whose rows the settings leave out."""
    if table.outcome is Outcome.UNTESTED and table.restored is not None:
        return _LEFT_OUT
    return _OUTCOMES[table.outcome]


def _table(table: TableResult) -> str:
    content = {True: "same", False: "differs", None: "not read"}[table.content]
    outcome = _outcome(table)
    return (
        f'<tr class="{outcome.replace(" ", "-")}"><td><span class="tag">{outcome}</span></td>'
        f'<th scope="row">'
        f"<bdi>{escape(qualified(table.schema, table.name))}</bdi></th>"
        f'<td class="n">{_rows(table.expected)}</td><td class="n">{_rows(table.restored)}</td>'
        f"<td>{content}</td></tr>"
    )


def _rows(rows: int | None) -> str:
    return "none" if rows is None else f"{rows:,}"


def _facts(report: DrillReport) -> Iterator[tuple[str, str]]:
    yield "Database", report.database
    yield "Backup", report.backup or "none"
    if report.snapshot_time is not None:
        yield "Shows the moment", format_time(report.snapshot_time)
    yield "Restored into", report.target
    if report.server_version is not None:
        yield "Server", report.server_version
    yield "Rows compared", f"{report.rows:,}"
    sizes = (
        ("Archive", report.archive_bytes),
        ("Database on disk", report.database_bytes),
        ("Most disk in use", report.disk_bytes),
    )
    yield from ((name, format_size(amount)) for name, amount in sizes if amount is not None)
    yield "Function", f"{report.memory_mb:,} MB of memory, {report.ephemeral_mb:,} MB of disk"
    yield "Started", format_time(report.started)
    yield "Run", report.run_id
    yield "Lifeboat", report.lifeboat_version
