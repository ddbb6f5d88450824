"""Which findings are news: people are told when something changes, not whenever it is looked at."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.messages import Kind, Message, alert_message, resolved_message
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.monitor.policy.endings import Ending


@dataclass(frozen=True)
class News:
    """What to send, and what to remember once all of it was sent.

    When sending fails the old memory has to stay: then the same news come again.
    """

    messages: tuple[Message, ...]
    state: MonitorState


def news(
    previous: MonitorState | None,
    findings: Sequence[Finding],
    now: datetime,
    remind_hours: int,
    *,
    installation: Installation,
    ending: Callable[[SentAlert], Ending],
) -> News:
    """What people have to be told now.

    A finding that was not told, or was told as a lesser one, is new; a critical one is told again
    every `remind_hours`; what was seen to be right is told as right again, and what may be as wrong
    as before stays in the memory. Findings of level info are not told.

    Args:
        previous: what was told; None when that is lost, and then everything is told again.
        findings: all of them, as `judge` gives them.
        now: when they were found.
        remind_hours: after how long a critical one is told again.
        installation: which one speaks.
        ending: what became of something that was told and is not found now (`ending_of`).
    """
    before = previous or MonitorState()
    told = {each.identity: each for each in before.notified}
    current = {each.identity: each for each in findings if each.level is not Level.INFO}
    fresh = [each for each in current.values() if _is_new(each, told.get(each.identity))]
    due = [
        each
        for each in current.values()
        if not _is_new(each, told.get(each.identity))
        and _is_due(each, told[each.identity], timedelta(hours=remind_hours), now)
    ]
    absent = {each: ending(each) for identity, each in told.items() if identity not in current}
    still = [each for each, end in absent.items() if end is Ending.OPEN]
    right = [each for each, end in absent.items() if end is Ending.RIGHT and not each.passing]
    messages = [
        *(
            alert_message(each, kind=Kind.NEW, now=now, installation=installation)
            for each in _grouped(fresh)
        ),
        *(
            alert_message(each, kind=Kind.REMINDER, now=now, installation=installation)
            for each in _grouped(due)
        ),
        *(resolved_message(each, now=now, installation=installation) for each in _grouped(right)),
    ]
    sent = {each.identity for each in (*fresh, *due)}
    kept = [
        _told(each, told.get(each.identity), now, sent=each.identity in sent)
        for each in current.values()
    ]
    remembered = tuple(sorted([*kept, *still], key=lambda each: each.identity))
    return News(tuple(messages), before.model_copy(update={"notified": remembered}))


def _is_new(finding: Finding, told: SentAlert | None) -> bool:
    return told is None or (finding.level is Level.CRITICAL and told.level is not Level.CRITICAL)


def _is_due(finding: Finding, told: SentAlert, remind: timedelta, now: datetime) -> bool:
    return finding.level is Level.CRITICAL and now - told.last_notified >= remind


def _told(finding: Finding, before: SentAlert | None, now: datetime, *, sent: bool) -> SentAlert:
    return SentAlert(
        database=finding.database or "",
        code=finding.code.value,
        subject=finding.subject,
        level=finding.level,
        headline=finding.headline,
        first_notified=before.first_notified if before else now,
        last_notified=before.last_notified if before and not sent else now,
        passing=finding.passing,
        basis=finding.basis,
    )


def _grouped[T: (Finding, SentAlert)](items: Iterable[T]) -> list[list[T]]:
    """Those of one kind together, as they become one message: one cause has many victims.

    What is wrong with the vault as a whole stays apart from what is wrong with databases.
    """
    groups: dict[tuple[bool, str], list[T]] = {}
    for item in items:
        groups.setdefault((bool(item.database), item.code), []).append(item)
    return list(groups.values())
