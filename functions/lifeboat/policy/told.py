"""What people have been told: the monitor's memory, a small object in the vault.

Version 1 of the schema, with the same rules as other documents. Losing it costs only that what is
wrong is told once more.
"""

from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import Field

from lifeboat.errors import StateError
from lifeboat.policy.documents import Document
from lifeboat.policy.findings import Level
from lifeboat.policy.inventory import Frozen
from lifeboat.policy.utc import UtcTime
from lifeboat.settings import WatchedDatabase, WatchedSettings

STATE_KEY = "monitor/state.json"
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
    """

    database: str
    code: str
    subject: str
    level: Level
    headline: str
    since: UtcTime
    last: UtcTime
    passing: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """The finding's."""
        return self.database, self.code, self.subject


class KnownSchedule(Frozen):
    """Since when a database has had a schedule.

    Attributes:
        schedule: cron and time zone, as one text.
        since: when the monitor first saw it in the settings.
    """

    schedule: str
    since: UtcTime


class ToldState(Document):
    """The monitor's memory; reading one raises `StateError`.

    Attributes:
        schema_version: of this document.
        told: what was told and is not over.
        schedules: of each database, by its name.
    """

    NOUN: ClassVar = "monitor's memory"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "Everything that is wrong is told once more."
    INSTEAD: ClassVar = "leave it: the next run of the monitor writes it anew"

    schema_version: Literal[1] = 1
    told: tuple[Told, ...] = ()
    schedules: dict[str, KnownSchedule] = Field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where it lies in the vault."""
        return STATE_KEY

    def scheduled_since(self, database: WatchedDatabase) -> datetime | None:
        """Since when a database has had the very schedule it has; None when that isn't known."""
        known = self.schedules.get(database.name)
        return known.since if known and known.schedule == _schedule(database) else None

    def with_schedules(self, settings: WatchedSettings, now: datetime) -> Self:
        """The same, knowing the schedules of the settings: new ones since `now`."""
        schedules = {
            each.name: KnownSchedule(
                schedule=_schedule(each), since=self.scheduled_since(each) or now
            )
            for each in settings.databases
        }
        return self.model_copy(update={"schedules": schedules})


def _schedule(database: WatchedDatabase) -> str:
    return f"{database.cron} {database.timezone}"
