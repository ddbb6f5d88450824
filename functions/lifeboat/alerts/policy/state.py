"""The monitor's state: what people were notified of; a small object in the bucket.

Version 1 of the schema, with the same rules as other documents. If it is lost, people are
notified once more of what is wrong.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from lifeboat.alerts.policy.findings import Level
from lifeboat.alerts.policy.topic_facts import KnownSubscriber
from lifeboat.errors import StateError
from lifeboat.model.documents import Document
from lifeboat.model.inventory import StoredRecord
from lifeboat.model.keys import STATE_KEY
from lifeboat.model.utc import UtcTime
from lifeboat.settings import WatchedDatabase


class SentAlert(StoredRecord):
    """One finding that people were notified of and that is not resolved.

    Attributes:
        database: as in the finding; "" when it is about the bucket as a whole.
        code: its kind.
        subject: which of several of that kind.
        level: of the last notification.
        headline: of the last notification.
        first_notified: when people were first notified.
        last_notified: when they were last notified.
        passing: as in the finding.
        basis: as in the finding, when it was last found.
    """

    database: str
    code: str
    subject: str
    level: Level
    headline: str
    first_notified: UtcTime
    last_notified: UtcTime
    passing: bool = False
    basis: UtcTime | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """The finding's."""
        return self.database, self.code, self.subject


class KnownSchedule(StoredRecord):
    """What is known of a database besides what the bucket shows now.

    Attributes:
        schedule: cron and time zone, as one text.
        since: since when backups by this very schedule are expected.
        database_since: since when backups by any schedule are; None in memories that were written
            before there was this field, and then it is `since`.
        first_backup: the slot of the first backup that was ever seen, which may be gone by now.
    """

    schedule: str
    since: UtcTime
    database_since: UtcTime | None = None
    first_backup: UtcTime | None = None

    @property
    def expected_since(self) -> datetime:
        """Since when there should be backups, by whatever schedule."""
        return self.database_since or self.since


class MonitorState(Document):
    """The monitor's state; reading one raises `StateError`.

    Attributes:
        schema_version: of this document.
        notified: findings that people were notified of and that are not resolved.
        schedules: what is known of each database, by its name.
        subscribers: subscriptions that were seen confirmed, by their marks.
        no_subscriber_since: since when nobody has been confirmed; None while somebody is.
    """

    NOUN: ClassVar = "monitor's state"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "People are notified once more of everything that is wrong."
    INSTEAD: ClassVar = "leave it: the next run of the monitor writes it anew"

    schema_version: Literal[1] = 1
    notified: tuple[SentAlert, ...] = ()
    schedules: dict[str, KnownSchedule] = Field(default_factory=dict)
    subscribers: dict[str, KnownSubscriber] = Field(default_factory=dict)
    no_subscriber_since: UtcTime | None = None

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return STATE_KEY


def schedule_of(database: WatchedDatabase) -> str:
    """The schedule of a database as one text."""
    return f"{database.cron} {database.timezone}"
