"""What people have been told: the monitor's memory, a small object in the vault.

Version 1 of the schema, with the same rules as other documents. Losing it costs only that what is
wrong is told once more.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from lifeboat.alerts.policy.findings import Level
from lifeboat.alerts.policy.topic_facts import Listener
from lifeboat.errors import StateError
from lifeboat.model.documents import Document
from lifeboat.model.inventory import Frozen
from lifeboat.model.keys import STATE_KEY
from lifeboat.model.utc import UtcTime
from lifeboat.settings import WatchedDatabase

"""Where it lies in the vault."""


class Told(Frozen):
    """One finding that was told and is not over.

    Attributes:
        database: as in the finding; "" when it is about the vault as a whole.
        code: its kind.
        subject: which of several of that kind.
        level: when it was last told.
        headline: what was told, in a few words.
        since: when it was first told.
        last: when it was last told.
        passing: it goes without becoming right.
        basis: as in the finding, when it was last found.
    """

    database: str
    code: str
    subject: str
    level: Level
    headline: str
    since: UtcTime
    last: UtcTime
    passing: bool = False
    basis: UtcTime | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """The finding's."""
        return self.database, self.code, self.subject


class KnownSchedule(Frozen):
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


class ToldState(Document):
    """The monitor's memory; reading one raises `StateError`.

    Attributes:
        schema_version: of this document.
        told: what was told and is not over.
        schedules: what is known of each database, by its name.
        listeners: subscriptions that were seen confirmed, by their marks.
        deaf_since: since when nobody has been confirmed; None while somebody is.
    """

    NOUN: ClassVar = "monitor's memory"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "Everything that is wrong is told once more."
    INSTEAD: ClassVar = "leave it: the next run of the monitor writes it anew"

    schema_version: Literal[1] = 1
    told: tuple[Told, ...] = ()
    schedules: dict[str, KnownSchedule] = Field(default_factory=dict)
    listeners: dict[str, Listener] = Field(default_factory=dict)
    deaf_since: UtcTime | None = None

    @property
    def key(self) -> str:
        """Where it lies in the vault."""
        return STATE_KEY


def schedule_of(database: WatchedDatabase) -> str:
    """The schedule of a database as one text."""
    return f"{database.cron} {database.timezone}"
