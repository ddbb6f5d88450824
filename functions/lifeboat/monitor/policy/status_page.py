"""The status as a page: how many databases are safe, each of them, what is wrong, and the bill."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from lifeboat.alerts.policy.findings import Health, Level
from lifeboat.model.page import Page, Section, points
from lifeboat.model.text import format_time, line
from lifeboat.monitor.policy.bill import Bill
from lifeboat.monitor.policy.bill_estimate import lines_of
from lifeboat.monitor.policy.database_cards import CARDS_STYLE, database_cards, mood_of
from lifeboat.monitor.policy.days import Day, days_of
from lifeboat.monitor.policy.evaluate import view_of
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.policy.finding_cards import (
    FINDINGS_STYLE,
    anchors_of,
    cards_of,
    finding_cards,
)
from lifeboat.monitor.policy.page_time import PageTime, page_time
from lifeboat.monitor.policy.silence_answer import MutedFindings
from lifeboat.monitor.policy.status import Status
from lifeboat.settings import WatchedSettings

_MEANING = (
    "Safe means healthy: a recent backup, a recent drill, and no finding that is critical or a"
    " warning."
)
_MAX_NAMED = 3
_STYLE = """\
h1 { font-size: 2.5rem; }
@media (max-width: 36rem) { h1 { font-size: 1.875rem; } }
.written { color: var(--soft); }
.bill { max-width: 32rem; } .bill tfoot th, .bill tfoot td { font-weight: 600;
  border-top: 2px solid var(--line); }
.notes { color: var(--soft); font-size: .875rem; }
"""


def headline_of(status: Status) -> str:
    """How many databases are not safe, or that all are; safe is what the monitor calls healthy."""
    names = [each.name for each in status.databases]
    unsafe = sum(each.health is not Health.HEALTHY for each in status.databases)
    if len(names) == 1:
        head = f"Database {names[0]} is {'not safe' if unsafe else 'safe'}"
    elif unsafe:
        head = f"{unsafe} of {len(names)} databases {'is' if unsafe == 1 else 'are'} not safe"
    else:
        head = f"All {len(names)} databases are safe"
    if not unsafe and status.health is not Health.HEALTHY:
        return f"{head}, but not all else is right"
    return head


def in_a_sentence(status: Status) -> str:
    """The headline and the worst findings, for whoever can't be shown the status."""
    wrong = [each for each in status.findings if each.level is not Level.INFO]
    named = [f"{each.database or 'the bucket'} {line(each.headline)}" for each in wrong]
    more = [f"{len(wrong) - _MAX_NAMED} more"] if len(wrong) > _MAX_NAMED else []
    return ": ".join(filter(None, (headline_of(status), "; ".join(named[:_MAX_NAMED] + more))))


def render_status_page(status: Status, days: Mapping[str, Sequence[Day]], times: PageTime) -> str:
    """The page, in HTML that is whole in itself; every name and message is escaped.

    Args:
        status: of the installation.
        days: the last days of each database that could be checked.
        times: when it is written, and when the next one is due.
    """
    cards = cards_of(status.findings)
    headline = headline_of(status)
    whose = line(status.installation.sentence)
    return Page(
        title=f"{headline} ({line(status.stack)})",
        mood=mood_of(status.health),
        kicker=f"Backups. {whose}",
        heading=headline,
        lead=_lead(status, times),
        sections=(
            Section(
                "Databases", database_cards(status.databases, days, anchors_of(cards)), long=True
            ),
            Section(
                "What is wrong, and what to type",
                finding_cards(cards, status.checked_at) + _muted(status.muted),
                long=True,
            ),
            Section("What it costs a month", _bill(status.bill)),
        ),
        style=_STYLE + CARDS_STYLE + FINDINGS_STYLE,
    ).html


def status_page(status: Status, facts: Facts, settings: WatchedSettings, now: datetime) -> str:
    """The page of one check.

    Args:
        status: of the installation.
        facts: that it was made of.
        settings: of the monitor.
        now: the time of the check.
    """
    views = (view_of(each, facts, settings, now) for each in settings.databases)
    days = {view.name: days_of(view) for view in views if view}
    return render_status_page(status, days, page_time(settings.monitor.cron, now))


def _lead(status: Status, times: PageTime) -> str:
    counted = Counter(each.health for each in status.databases)
    counts = ", ".join(f"{each.words}: {counted[each]}" for each in Health if counted[each])
    several = f"{counts.capitalize()}. " if len(status.databases) > 1 else ""
    due = f" The next check is due at {format_time(times.next_check)}." if times.next_check else ""
    return (
        f"<p>{several}{_MEANING}</p>\n"
        f'<p class="written">Written {format_time(times.written)}.{escape(due)} This page does not'
        f" change by itself: if it is later than <strong>{format_time(times.too_old)}</strong> now,"
        " the monitor has stopped, and this page may no longer be true.</p>"
    )


def _muted(muted: Sequence[MutedFindings]) -> str:
    if not muted:
        return ""
    listed = (
        f"{each.database or 'The bucket'}: {each.code}, until {format_time(each.until)}"
        for each in muted
    )
    return f"<p>Muted, so nobody is notified of it:</p>{points(map(line, listed), 'muted')}"


def _bill(bill: Bill) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="n">${dollars:,.2f}</td></tr>'
        for name, dollars in lines_of(bill)
    )
    notes = "".join(f"<p>{escape(line(note))}</p>" for note in bill.notes)
    return (
        f'<table class="bill"><tbody>{rows}</tbody><tfoot><tr><th scope="row">All</th>'
        f'<td class="n">${bill.total:,.2f}</td></tr></tfoot></table>'
        f'<div class="notes">{notes}</div>'
    )
