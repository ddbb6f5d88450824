"""What people have muted or acknowledged: a small document in the bucket.

It is a document of its own, and not a part of the monitor's state: a check that is under way writes
the state at its end, and would undo what a person asks for meanwhile.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from lifeboat.alerts.policy.findings import Code
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.errors import StateError
from lifeboat.model.documents import Document
from lifeboat.model.inventory import StoredRecord
from lifeboat.model.keys import SILENCES_KEY
from lifeboat.model.utc import UtcTime

UNMUTABLE = frozenset({Code.NO_SUBSCRIBER, Code.SUBSCRIPTION_PENDING, Code.SUBSCRIPTION_MISSING})
"""Findings that nobody can mute or acknowledge: they say that messages reach nobody."""

MAX_MUTE_HOURS = 168
"""A week. What is known for longer should be repaired, or its limit be changed."""

_KEPT = timedelta(days=60)
"""For so long a record is kept after it has ended: the next check has to know that it ended."""


class Mute(StoredRecord):
    """No message about findings of a code, for some time.

    Attributes:
        database: whose; "" for findings about the bucket.
        code: their kind.
        since: when it began.
        until: when it ends by itself.
    """

    database: str
    code: str
    since: UtcTime
    until: UtcTime


class Acknowledgement(StoredRecord):
    """No reminder of findings of a code that people were notified of before.

    Attributes:
        database: whose; "" for findings about the bucket.
        code: their kind.
        at: when somebody acknowledged them.
    """

    database: str
    code: str
    at: UtcTime


class Silences(Document):
    """What people have muted or acknowledged; reading a damaged one raises `StateError`.

    Attributes:
        schema_version: of this document.
        mutes: also those that have ended lately.
        acknowledged: also of findings that are over.
    """

    NOUN: ClassVar = "list of muted findings"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "Nothing is muted: people are notified of everything."
    INSTEAD: ClassVar = "mute again, which writes it anew"

    schema_version: Literal[1] = 1
    mutes: tuple[Mute, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return SILENCES_KEY

    def muted(self, now: datetime) -> tuple[Mute, ...]:
        """What is muted now."""
        return tuple(each for each in self.mutes if each.since <= now < each.until)

    def hides(self, database: str | None, code: str, now: datetime) -> bool:
        """Whether findings of that code are muted now."""
        if code in UNMUTABLE:
            return False
        return any((each.database, each.code) == (database or "", code) for each in self.muted(now))

    def is_over(self, alert: SentAlert, now: datetime) -> bool:
        """Whether a mute has ended, and people were not notified of the finding since."""
        return any(
            each.until <= now and alert.last_notified < each.until and _about(each, alert)
            for each in self.mutes
        )

    def was_told(self, alert: SentAlert) -> bool:
        """Whether people were notified of it at all: it was not muted when it was first found."""
        return not any(
            each.since <= alert.first_notified < each.until
            and alert.last_notified == alert.first_notified
            and _about(each, alert)
            for each in self.mutes
        )

    def is_acknowledged(self, alert: SentAlert) -> bool:
        """Whether somebody acknowledged it after the last message about it."""
        return any(
            alert.last_notified <= each.at and _about(each, alert) for each in self.acknowledged
        )


def _about(record: Mute | Acknowledgement, alert: SentAlert) -> bool:
    return alert.code not in UNMUTABLE and (record.database, record.code) == (
        alert.database,
        alert.code,
    )


def muting(before: Silences, database: str, code: Code, hours: int, now: datetime) -> Silences:
    """With findings of that code muted from now on.

    Args:
        before: what is silenced already; a mute of the same code is extended or shortened.
        database: whose; "" for findings about the bucket.
        code: their kind.
        hours: how long.
        now: when it begins.
    """
    same = [each for each in before.muted(now) if (each.database, each.code) == (database, code)]
    since = min([now, *(each.since for each in same)])
    mute = Mute(database=database, code=code.value, since=since, until=now + timedelta(hours=hours))
    others = [each for each in _recent(before.mutes, now) if each not in same]
    return before.model_copy(update={"mutes": (*others, mute)})


def unmuting(before: Silences, database: str, code: Code, now: datetime) -> Silences:
    """With a mute of that code ended now: the next check notifies of what still lasts."""
    mutes = [
        each.model_copy(update={"until": now})
        if (each.database, each.code) == (database, code) and each.until > now
        else each
        for each in _recent(before.mutes, now)
    ]
    return before.model_copy(update={"mutes": tuple(mutes)})


def acknowledging(before: Silences, database: str, code: Code, now: datetime) -> Silences:
    """With all that people were notified of with that code acknowledged."""
    others = [
        each for each in before.acknowledged if (each.database, each.code) != (database, code)
    ]
    added = Acknowledgement(database=database, code=code.value, at=now)
    return before.model_copy(update={"acknowledged": (*others, added)})


def _recent(mutes: Iterable[Mute], now: datetime) -> list[Mute]:
    return [each for each in mutes if now - each.until < _KEPT]
