"""Which findings people are notified of: when something changes, not at every check."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.message import Kind, Message
from lifeboat.alerts.policy.messages import alert_message, resolved_message
from lifeboat.alerts.policy.silences import Silences
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.monitor.policy.resolution import Resolution


@dataclass(frozen=True)
class Notifications:
    """What to send, and the state to save once all of it was sent.

    If sending fails, the old state must stay: then the next check sends the same again.
    """

    messages: tuple[Message, ...]
    state: MonitorState


def notifications_of(
    previous: MonitorState | None,
    findings: Sequence[Finding],
    now: datetime,
    *,
    installation: Installation,
    resolution: Callable[[SentAlert], Resolution],
    silences: Silences | None = None,
) -> Notifications:
    """The notifications that are due now.

    A finding is new if people were not notified of it, or only with a lower level. People are
    reminded of a critical one every `alerts.remind_hours`, and notified when one is resolved. What
    is still open stays in the state. Findings of level info cause no notification.

    Args:
        previous: the state; None if it is lost: then everything is new.
        findings: all of them, from `evaluate`.
        now: the time of the check.
        installation: the stack that sends them.
        resolution: what became of an alert that is not found now (`resolution_of`).
        silences: what people have muted or acknowledged. There is no message about what is muted,
            until the mute is over or the finding is resolved; the state knows of it all the same.
    """
    before, silent = previous or MonitorState(), silences or Silences()
    remind = timedelta(hours=installation.alerts.remind_hours)
    alerts = {each.identity: each for each in before.notified}
    current = {each.identity: each for each in findings if each.level is not Level.INFO}
    heard = [each for each in current.values() if not silent.hides(each.database, each.code, now)]
    fresh = [each for each in heard if _is_new(each, alerts.get(each.identity), silent, now)]
    due = [
        each
        for each in heard
        if each not in fresh
        and not silent.is_acknowledged(alerts[each.identity])
        and _is_due(each, alerts[each.identity], remind, now)
    ]
    absent = {
        each: resolution(each) for identity, each in alerts.items() if identity not in current
    }
    still = [each for each, end in absent.items() if end is Resolution.OPEN]
    resolved_alerts = [
        each
        for each, end in absent.items()
        if end is Resolution.RESOLVED and not each.passing and silent.was_told(each)
    ]
    messages = [
        *(
            alert_message(each, kind=Kind.NEW, now=now, installation=installation)
            for each in _grouped(fresh)
        ),
        *(
            alert_message(each, kind=Kind.REMINDER, now=now, installation=installation)
            for each in _grouped(due)
        ),
        *(
            resolved_message(each, now=now, installation=installation)
            for each in _grouped(resolved_alerts)
        ),
    ]
    sent = {each.identity for each in (*fresh, *due)}
    kept = [
        _alert(each, alerts.get(each.identity), now, sent=each.identity in sent)
        for each in current.values()
    ]
    remembered = tuple(sorted([*kept, *still], key=lambda each: each.identity))
    return Notifications(tuple(messages), before.model_copy(update={"notified": remembered}))


def _is_new(finding: Finding, alert: SentAlert | None, silent: Silences, now: datetime) -> bool:
    """Whether people do not know of it, or only that it was less bad, or it was muted until now."""
    if alert is None or silent.is_over(alert, now):
        return True
    return finding.level is Level.CRITICAL and alert.level is not Level.CRITICAL


def _is_due(finding: Finding, alert: SentAlert, remind: timedelta, now: datetime) -> bool:
    return finding.level is Level.CRITICAL and now - alert.last_notified >= remind


def _alert(finding: Finding, before: SentAlert | None, now: datetime, *, sent: bool) -> SentAlert:
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
    """Group items by code: each group becomes one message, as one cause may affect many databases.

    Findings about the bucket are not grouped with findings about databases.
    """
    groups: dict[tuple[bool, str], list[T]] = {}
    for item in items:
        groups.setdefault((bool(item.database), item.code), []).append(item)
    return list(groups.values())
