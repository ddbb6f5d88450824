"""What a backup function may be asked for.

From the schedule: `{"database": "app", "scheduled": "2026-11-22T02:00:00Z"}`; that time decides the
tier. From a person: `{"database": "app"}`, optionally with a tier (default: manual; another one
replaces a missed backup) and, for a manual backup, with a label.
"""

import re
from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from lifeboat.model.events import EventParser, Request, custom_error
from lifeboat.model.keys import DATABASE_NAME, LABEL
from lifeboat.model.text import format_time
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import UtcSecond, in_utc, is_ahead

MAY_BE = {
    "database": "the name of a database in the settings, such as 'app'",
    "scheduled": "the scheduled time in UTC to the second, such as '2026-11-22T02:00:00Z'",
    "tier": "one of " + ", ".join(f"'{tier}'" for tier in Tier),
    "began": "the time at which a backup by hand began, such as '2026-11-22T02:00:00Z'; a function"
    " that hands it over to a job puts it here",
    "label": "1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen",
}
_SCHEDULED = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def _scheduled_time(value: object) -> object:
    """Accept text only in the form that EventBridge Scheduler writes.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    if isinstance(value, str) and "<aws.scheduler." in value:
        raise custom_error(
            "key 'scheduled' still has EventBridge Scheduler's placeholder: only a schedule of"
            " EventBridge Scheduler replaces it, not a test event, a rule or a manual call"
        )
    written = isinstance(value, str) and _SCHEDULED.fullmatch(value)
    if not (written or value is None or isinstance(value, datetime)):
        raise ValueError(MAY_BE["scheduled"])
    return value


class BackupEvent(Request):
    """What to back up.

    Attributes:
        database: its name in the settings.
        scheduled: the time for which a schedule asked; None when a person asks.
        tier: for a person's request; None when it follows from `scheduled`.
        label: what the person calls a manual backup.
        began: when a backup by hand began that a function has handed over to a job: that time
            identifies it. None otherwise.
    """

    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    scheduled: Annotated[UtcSecond | None, BeforeValidator(_scheduled_time)] = None
    tier: Tier | None = None
    label: Annotated[str, Field(pattern=LABEL)] | None = None
    began: Annotated[UtcSecond | None, BeforeValidator(_scheduled_time)] = None

    @model_validator(mode="before")
    @classmethod
    def _default_to_manual(cls, asked: dict[str, object]) -> dict[str, object]:
        if asked.get("scheduled") is None and asked.get("tier") is None:
            return asked | {"tier": Tier.MANUAL}
        return asked

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        if self.scheduled and self.tier:
            raise custom_error("key 'tier' cannot stand beside 'scheduled', from which it follows")
        if self.scheduled and self.began:
            raise custom_error("key 'began' is of backups by hand, which have no key 'scheduled'")
        if self.label and self.tier is not Tier.MANUAL:
            raise custom_error("key 'label' is for manual backups only")
        return self

    def pinned(self, moment: datetime) -> dict[str, object]:
        """The event that means the same backup whenever it is handled.

        Args:
            moment: for which the backup is, see `scheduled_at`.
        """
        if self.scheduled:
            return {"database": self.database, "scheduled": _as_written(moment)}
        label = {"label": self.label} if self.label else {}
        began = _as_written(moment)
        return {"database": self.database, "tier": self.tier, "began": began, **label}


def _as_written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


_GRAMMAR = EventParser(
    BackupEvent,
    MAY_BE,
    samples=(
        {"database": "app", "tier": "manual", "label": "before-migration-42"},
        {"database": "app", "scheduled": "2026-11-22T02:00:00Z"},
    ),
)


def parse_event(event: object) -> BackupEvent:
    """The request that an event makes; by a person its tier is set, from a schedule it is None.

    Raises:
        EventError: it makes none; says which key has what, and what it may be.
    """
    return _GRAMMAR.read(event)


def scheduled_at(event: BackupEvent, now: datetime) -> datetime:
    """The time that the backup is for: its scheduled time, or else when it began, in UTC.

    Raises:
        EventError: it lies in the future, where the backup would count as the newest one.
    """
    for name in ("scheduled", "began"):
        moment = getattr(event, name)
        if moment and is_ahead(moment, now):
            problem = f"key '{name}' has {format_time(moment)}, which lies in the future"
            raise _GRAMMAR.error([f"{problem}: now it is {format_time(now)}"])
    return event.scheduled or event.began or in_utc(now).replace(microsecond=0)
