"""The databases on the status page, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from html import escape

from lifeboat.alerts.policy.findings import Health
from lifeboat.model.drill_target import NEON_BRANCH
from lifeboat.model.text import format_age, format_duration, format_size, format_time, line, plural
from lifeboat.monitor.policy.days import Day
from lifeboat.monitor.policy.days_strip import STRIP_STYLE, days_in_words, legend, strip
from lifeboat.monitor.policy.status import BackupStatus, DatabaseStatus, DrillStatus
from lifeboat.monitor.policy.status_text import job_in_words, severity

CARDS_STYLE = (
    STRIP_STYLE
    + """\
.cards { list-style: none; padding: 0; margin: 0; }
.cards > li { padding: .875rem 0 .875rem .875rem; border-top: 1px solid var(--line);
  border-left: .25rem solid var(--mood); }
.cards .who { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline;
  justify-content: space-between; }
.cards h3 { margin: 0; font-size: 1.125rem; overflow-wrap: anywhere; min-width: 0; }
.cards h3 .tag { font-size: .875rem; margin-right: .5rem; white-space: nowrap; }
.cards dl { grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .5rem 1rem;
  margin: .5rem 0; }
.cards p { margin: .375rem 0; overflow-wrap: anywhere; }
.cards .days { min-width: 0; }
.cards a { white-space: nowrap; }
@media (max-width: 36rem) { .cards .days { flex: 1 0 100%; } }
@media (min-width: 48rem) { .cards dl { grid-template-columns: 16rem repeat(4, 1fr); } }
.cards small, .cards .soft { color: var(--soft); font-size: .875rem; }
.cards small { display: block; }
"""
)


def mood_of(health: Health) -> str:
    """The class that colours what has this health."""
    return {Health.CRITICAL: "failed", Health.HEALTHY: "proven"}.get(health, "partial")


def database_cards(
    databases: Sequence[DatabaseStatus],
    days: Mapping[str, Sequence[Day]],
    anchors: Mapping[str, str],
) -> str:
    """A card for each database, the worst first, with its last days.

    Args:
        databases: all of them.
        days: by database; none for one that could not be checked.
        anchors: where the worst finding of a database is on the page.
    """
    cards = "".join(
        _card(each, days.get(each.name, ()), anchors.get(each.name))
        for each in sorted(databases, key=severity)
    )
    about = (
        '<p class="legend">A cell for each of the last 30 days (UTC), today on the right:</p>'
        + legend()
    )
    return f'{about}<ul class="cards">{cards}</ul>'


def _card(database: DatabaseStatus, days: Sequence[Day], anchor: str | None) -> str:
    figures = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}{_small(more)}</dd></div>"
        for name, value, more in _figures(database)
    )
    jobs = "".join(f"<p>{escape(_sentence(job_in_words(each)))}</p>" for each in database.jobs)
    words = f'<p class="soft">{escape(days_in_words(days))}</p>' if days else ""
    provider = database.provider
    words += f'<p class="soft">{escape(line(provider.says))}</p>' if provider else ""
    return (
        f'<li class="{mood_of(database.health)}"><div class="who"><h3>'
        f'<span class="tag">{escape(database.health.words)}</span>'
        f"<bdi>{escape(database.name)}</bdi></h3>{strip(days) if days else ''}</div>"
        f"{_worst(database, anchor)}{jobs}<dl>{figures}</dl>{words}</li>\n"
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""


def _worst(database: DatabaseStatus, anchor: str | None) -> str:
    if not database.worst_finding:
        return ""
    link = f' <a href="#{anchor}">What to type</a>' if anchor else ""
    return f"<p><strong>{escape(line(database.worst_finding))}</strong>{link}</p>"


def _figures(database: DatabaseStatus) -> Iterator[tuple[str, str, str]]:
    """Names, values and what is written small below them."""
    if not database.checked:
        yield "Newest backup", "unknown", "the bucket could not be read"
        yield "Newest drill", "unknown", ""
        return
    backup, drill = database.newest_backup, database.newest_drill
    yield "Newest backup", *_backup(backup)
    yield "Newest drill", *_drill(drill)
    yield "Restore time", *_restore_time(drill)
    if backup:
        yield "Size", format_size(backup.archive_bytes), plural(backup.rows, "row")
    else:
        yield "Size", "unknown", ""
    if database.monthly_cost is not None:
        yield "Cost", f"${database.monthly_cost:,.2f}", "a month"


def _backup(backup: BackupStatus | None) -> tuple[str, str]:
    if backup is None:
        return "none", ""
    age = format_age(timedelta(hours=backup.age_hours))
    return f"{age} old", f"data as of {format_time(backup.data_as_of)}"


def _restore_time(drill: DrillStatus | None) -> tuple[str, str]:
    if drill is None:
        return "unknown", "no drill yet"
    return format_duration(drill.seconds), f"of {format_duration(drill.rto_seconds)} (RTO)"


def _drill(drill: DrillStatus | None) -> tuple[str, str]:
    if drill is None:
        return "never", ""
    where = ", on a branch" if drill.target == NEON_BRANCH else ""
    return drill.verdict, f"{format_age(timedelta(days=drill.age_days))} ago{where}"
