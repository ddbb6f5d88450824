"""The answer about muted and acknowledged findings."""

from datetime import datetime

from lifeboat.alerts.policy.findings import Code
from lifeboat.alerts.policy.silences import (
    Silences,
    acknowledging,
    muting,
    unmuting,
)
from lifeboat.errors import EventError
from lifeboat.model.answers import Answer
from lifeboat.monitor.policy.event import BUCKET, Action, MonitorEvent
from lifeboat.settings import WatchedSettings


class MutedFindings(Answer):
    """Findings about which nobody is notified. Those that are critical still count as not safe.

    Attributes:
        database: whose; null for the bucket.
        code: their kind.
        until: when the mute ends by itself.
    """

    database: str | None
    code: str
    until: datetime


class SilenceAnswer(Answer):
    """What is muted now.

    Attributes:
        action: what was done.
        database: whose findings; null for the bucket.
        code: their kind.
        muted: all that is muted now.
    """

    action: Action
    database: str | None
    code: Code
    muted: tuple[MutedFindings, ...]


def muted_findings(silences: Silences, now: datetime) -> tuple[MutedFindings, ...]:
    """What is muted at that time, for the status."""
    return tuple(
        MutedFindings(database=each.database or None, code=each.code, until=each.until)
        for each in silences.muted(now)
    )


def silenced(
    before: Silences, event: MonitorEvent, settings: WatchedSettings, now: datetime
) -> tuple[Silences, SilenceAnswer]:
    """What is silenced after a request, and the answer to it.

    Args:
        before: what was silenced.
        event: a valid request to mute, unmute or acknowledge.
        settings: with the databases that there are.
        now: when it is asked.

    Raises:
        EventError: there is no such database.
    """
    code, database = event.code, event.database or BUCKET
    names = [each.name for each in settings.databases]
    if code is None or database not in {*names, BUCKET}:
        raise EventError(
            f"Cannot {event.action} findings of {database!a}: there is no such database.",
            todo=f"Use one of {', '.join(names)}, or '{BUCKET}' for the bucket.",
        )
    whose = "" if database == BUCKET else database
    match event.action:
        case Action.MUTE:
            after = muting(before, whose, code, event.hours, now)
        case Action.UNMUTE:
            after = unmuting(before, whose, code, now)
        case _:
            after = acknowledging(before, whose, code, now)
    answer = SilenceAnswer(
        action=event.action or Action.ACK,
        database=whose or None,
        code=code,
        muted=muted_findings(after, now),
    )
    return after, answer
