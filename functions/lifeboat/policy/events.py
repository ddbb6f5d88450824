"""What a backup function may be asked for, and words for everything else.

From the schedule: `{"database": "app", "scheduled": "2026-11-22T02:00:00Z"}`; the tier follows from
that time. By hand: `{"database": "app"}`, perhaps with a tier (manual unless said otherwise, so
that a missed daily backup can be made up for) and, for a manual one, a label.
"""

import json
import re
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from lifeboat.errors import EventError
from lifeboat.policy.names import DATABASE_NAME, LABEL
from lifeboat.policy.tiers import Tier
from lifeboat.policy.utc import SlotTime, in_utc

MAY_BE = {
    "database": "the name of a database in the settings, such as 'app'",
    "scheduled": "the scheduled time in UTC to the second, such as '2026-11-22T02:00:00Z'",
    "tier": "one of " + ", ".join(f"'{tier}'" for tier in Tier),
    "label": "1 to 63 lower-case letters, digits and hyphens, not beginning with a hyphen",
}
_SAMPLES = (
    {"database": "app", "tier": "manual", "label": "before-migration-42"},
    {"database": "app", "scheduled": "2026-11-22T02:00:00Z"},
)
_SCHEDULED = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_OWN_WORDS = "lifeboat"
_SHOWN = 60


def _scheduled_time(value: object) -> object:
    """Of all text, only the one form that EventBridge Scheduler writes.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    if isinstance(value, str) and "<aws.scheduler." in value:
        raise PydanticCustomError(
            _OWN_WORDS,
            "key 'scheduled' still has EventBridge Scheduler's placeholder: only a schedule of"
            " EventBridge Scheduler replaces it, not a test event, a rule or a call by hand",
        )
    written = isinstance(value, str) and _SCHEDULED.fullmatch(value)
    if not (written or value is None or isinstance(value, datetime)):
        raise ValueError(MAY_BE["scheduled"])
    return value


class BackupEvent(BaseModel):
    """What to back up.

    Attributes:
        database: its name in the settings.
        scheduled: the time for which a schedule asked; None when a person asks.
        tier: for a person's request; None when it follows from `scheduled`.
        label: what the person calls a manual backup.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    scheduled: Annotated[SlotTime | None, BeforeValidator(_scheduled_time)] = None
    tier: Tier | None = None
    label: Annotated[str, Field(pattern=LABEL)] | None = None

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        if self.scheduled and self.tier:
            raise PydanticCustomError(
                _OWN_WORDS, "key 'tier' cannot stand beside 'scheduled', from which it follows"
            )
        if self.label and self.tier is not Tier.MANUAL:
            raise PydanticCustomError(_OWN_WORDS, "key 'label' is for manual backups only")
        return self


def parse_event(event: object) -> BackupEvent:
    """The request that an event makes; by hand its tier is set, from a schedule it is None.

    Raises:
        EventError: it makes none; says which key has what, and what it may be.
    """
    if not isinstance(event, dict):
        raise _refusal([f"the event is {_show(event)}, not a JSON object"])
    problems = [
        f"key {_show(key)} is unknown; known are {', '.join(MAY_BE)}"
        for key in event
        if key not in MAY_BE
    ]
    asked = {key: value for key, value in event.items() if key in MAY_BE}
    if asked.get("scheduled") is None and asked.get("tier") is None:
        asked["tier"] = Tier.MANUAL
    try:
        request = BackupEvent.model_validate(asked)
    except ValidationError as error:
        problems += map(_problem, error.errors(include_url=False))
    else:
        if not problems:
            return request
    raise _refusal(problems)


def slot_of(event: BackupEvent, now: datetime) -> datetime:
    """The slot that the backup fills: its scheduled time, or else this very second, in UTC."""
    return event.scheduled or in_utc(now).replace(microsecond=0)


def _problem(detail: ErrorDetails) -> str:
    if detail["type"] == _OWN_WORDS:
        return detail["msg"]
    key = str(detail["loc"][0])
    has = "is missing" if detail["type"] == "missing" else f"has {_show(detail['input'])}"
    return f"key '{key}' {has}; it may be {MAY_BE[key]}"


def _refusal(problems: list[str]) -> EventError:
    samples = " or ".join(json.dumps(sample) for sample in _SAMPLES)
    return EventError(f"The event makes no sense: {'; '.join(problems)}.", todo=f"Send {samples}.")


def _show(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
