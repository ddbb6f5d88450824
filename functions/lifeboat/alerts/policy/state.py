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
        subject: which of several with that code.
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
    """What the state knows about a database that the bucket may no longer show.

    Attributes:
        schedule: cron and time zone, as one text.
        since: since when backups by this schedule are expected.
        database_since: since when backups by any schedule are expected; None in states from before
            this field existed: then `since` applies.
        first_backup: the scheduled time of the first backup ever seen, which may be deleted by now.
        provider_since: since when its provider is asked about it; None: it is not.
    """

    schedule: str
    since: UtcTime
    database_since: UtcTime | None = None
    first_backup: UtcTime | None = None
    provider_since: UtcTime | None = None

    @property
    def expected_since(self) -> datetime:
        """Since when backups are expected, by any schedule."""
        return self.database_since or self.since


class MonitorState(Document):
    """The monitor's state; reading one raises `StateError`.

    Attributes:
        schema_version: of this document.
        notified: findings that people were notified of and that are not resolved.
        schedules: what is known of each database, by its name.
        subscribers: subscriptions that were confirmed, by fingerprint.
        no_subscriber_since: since when no subscriber is confirmed; None if one is.
        last_digest: when the last digest was due that people got; None before the first check.
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
    last_digest: UtcTime | None = None

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return STATE_KEY


def schedule_of(database: WatchedDatabase) -> str:
    """A database's schedule as one text."""
    return f"{database.cron} {database.timezone}"
