"""A month's evidence as a page; every word of it is escaped."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from html import escape

from lifeboat.alerts.policy.installation import Installation
from lifeboat.model.drill_report import Verdict
from lifeboat.model.page import Page, Section, figures, points
from lifeboat.model.text import format_age, format_duration, format_size, format_time, plural
from lifeboat.monitor.policy.controls import CONTROLS, STATEMENT
from lifeboat.monitor.policy.evidence import (
    BucketEvidence,
    DatabaseEvidence,
    MonthEvidence,
    ProviderEvidence,
)

_STYLE = "h3 { margin: 1.5rem 0 .5rem; } td { overflow-wrap: anywhere; }"


def evidence_page(month: MonthEvidence, installation: Installation) -> str:
    """The page, in HTML that is whole in itself.

    Args:
        month: what was recorded.
        installation: the stack.
    """
    missed = sum(len(each.missed) for each in month.databases)
    failed = sum(
        drill.verdict is Verdict.FAILED for each in month.databases for drill in each.drills
    )
    taken = sum(len(each.backups) for each in month.databases)
    drills = sum(len(each.drills) for each in month.databases)
    lead = (
        f"{plural(taken, 'backup')} taken, {missed} of the scheduled ones missed;"
        f" {plural(drills, 'drill')}, {failed} of them failed;"
        f" {plural(len(month.findings), 'finding')}."
    )
    return Page(
        title=f"Evidence of {month.month}",
        mood="proven" if not missed and not failed and drills else "partial",
        kicker=f"{installation.sentence} Bucket {installation.bucket}.",
        heading=f"Backups in {month.month}",
        lead=f"<p>{escape(lead)}</p>\n<p>{escape(_known(month))} {escape(STATEMENT)}</p>",
        sections=_sections(month),
        style=_STYLE,
    ).html


def _known(month: MonthEvidence) -> str:
    return (
        f"Recorded from {format_time(month.recorded_from)} to {format_time(month.recorded_until)};"
        " of other times nothing is known here."
    )


def _sections(month: MonthEvidence) -> Iterator[Section]:
    overview = [
        (
            each.name,
            str(len(each.due)),
            str(len(each.backups)),
            str(len(each.missed)),
            str(len(each.drills)),
        )
        for each in month.databases
    ]
    yield Section("Databases", _table(("Database", "Due", "Taken", "Missed", "Drills"), overview))
    for each in month.databases:
        yield Section(each.name, _database(each), long=True)
    yield Section("Findings", _findings(month), long=True)
    yield Section("Protection of the bucket", _bucket(month.bucket))
    rows = [(each.standard, each.asks, each.answered_by, each.not_covered) for each in CONTROLS]
    heads = ("Standard", "It asks", "Answered by", "Not covered")
    yield Section("Which requirement is answered by what", _table(heads, rows))


def _database(database: DatabaseEvidence) -> str:
    backups = [
        (
            each.backup,
            "-" if each.archive_bytes is None else format_size(each.archive_bytes),
            "-" if each.rows is None else f"{each.rows:,}",
            each.sha256 or "not read",
        )
        for each in database.backups
    ]
    drills = [
        (
            format_time(each.started),
            each.verdict.value,
            each.backup or "-",
            format_duration(each.seconds),
            _margin(each.rto_seconds - each.seconds),
            each.sha256 or "not read",
        )
        for each in database.drills
    ]
    missed = points([f"missed: {format_time(each)}" for each in database.missed], "reasons")
    return (
        f"<h3>Backups</h3>{missed}"
        + _table(("Backup", "Size", "Rows", "SHA-256 of its manifest"), backups)
        + "<h3>Drills</h3>"
        + _table(("Started", "Verdict", "Backup", "Took", "RTO margin", "SHA-256"), drills)
        + _provider(database.provider)
    )


def _provider(provider: ProviderEvidence | None) -> str:
    if provider is None:
        return ""
    window = format_age(timedelta(seconds=provider.window_seconds))
    said = (
        f"{provider.provider.capitalize()} itself could give back any moment of {window} before, at"
        f" the least, as it said until {format_time(provider.read_at)}."
    )
    return f"<h3>The provider</h3><p>{escape(said)}</p>"


def _margin(seconds: float) -> str:
    late = "-" if seconds < 0 else ""
    return f"{late}{format_duration(abs(seconds))}"


def _findings(month: MonthEvidence) -> str:
    rows = [
        (
            each.database or "the bucket",
            each.code,
            each.level.value,
            each.headline,
            format_time(each.opened),
            _end(each.ended),
        )
        for each in month.findings
    ]
    return _table(("Of", "Code", "Level", "What", "Opened", "Ended"), rows)


def _end(ended: datetime | None) -> str:
    return format_time(ended) if ended else "it lasts"


def _bucket(bucket: BucketEvidence | None) -> str:
    if bucket is None:
        return "<p>No check was complete.</p>"
    words = {True: "on", False: "off", None: "not known"}
    facts = [
        ("Object Lock", f"{words[bucket.object_lock]}, mode {bucket.lock_mode}"),
        ("Versioning", words[bucket.versioning]),
        ("Default encryption", bucket.encryption or "not known"),
        ("Public access blocked", words[bucket.public_access_blocked]),
    ]
    rules = ["not known"] if bucket.lifecycle is None else bucket.lifecycle
    return f"{figures(facts)}<h3>Lifecycle</h3>{points(rules, 'notes')}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    if not lines:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{each}</tr>" for each in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
