"""The monitor's event, from its schedule or from a person."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from lifeboat.alerts.policy.findings import Code
from lifeboat.alerts.policy.silences import MAX_MUTE_HOURS, UNMUTABLE
from lifeboat.errors import EventError
from lifeboat.model.events import EventParser, Request, show

BUCKET = "-"
"""In place of a database: findings about the bucket as a whole."""


class Action(StrEnum):
    """What a person asks for besides a check."""

    MUTE = "mute"
    UNMUTE = "unmute"
    ACK = "ack"
    EVIDENCE = "evidence"


class MonitorEvent(Request):
    """What to do, and how to answer. A check is never refused for keys that it does not know.

    Attributes:
        action: what to do instead of a check; nothing for a check.
        database: whose findings to mute or acknowledge; "-" for those about the bucket.
        code: of which kind.
        hours: how long to mute them.
        since: the first day that the evidence should cover.
        format: "json" for an object, "text" for a table that people read in a terminal.
        scheduled: the schedule puts its time here. A scheduled run fails when nobody is subscribed
            to the alerts.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    action: Action | None = None
    database: str | None = None
    code: Code | None = None
    hours: Annotated[int, Field(strict=True, ge=1, le=MAX_MUTE_HOURS)] = 24
    since: date | None = None
    format: Literal["json", "text"] = "json"
    scheduled: object = None

    @property
    def is_scheduled(self) -> bool:
        """Whether the schedule started the check, and not a person."""
        return "scheduled" in self.model_fields_set


EXPECTED = {
    "action": "'mute', 'unmute', 'ack' or 'evidence'; nothing for a check",
    "database": "the name of a database in the settings, or '-' for the bucket",
    "code": "the code of a finding, such as 'table-rows-dropped'",
    "hours": f"a whole number from 1 to {MAX_MUTE_HOURS}",
    "since": "a day such as '2026-01-01'",
    "format": "'json' or 'text'",
    "scheduled": "the schedule's time; not for people",
}
"""What each key may be, in words."""

_ACTIONS = EventParser(
    MonitorEvent,
    EXPECTED,
    (
        {"action": "mute", "database": "app", "code": "table-rows-dropped", "hours": 24},
        {"action": "evidence", "since": "2026-01-01"},
    ),
)


def parse_monitor_event(event: object) -> MonitorEvent:
    """The request in an event.

    Raises:
        EventError: it asks for an unknown format, or for an action that is not possible.
    """
    match event:
        case {"action": _}:
            return _action(_ACTIONS.read(event))
        case {"format": other} if other not in ("json", "text"):
            raise EventError(
                f'Invalid event: \'format\' is {show(other)}, expected "text" or "json".',
                todo='Use {"format": "text"}, or {} for JSON.',
            )
        case Mapping():
            asked = {key: event[key] for key in ("format", "scheduled") if key in event}
            return MonitorEvent.model_validate(asked)
    return MonitorEvent()


def _action(event: MonitorEvent) -> MonitorEvent:
    if event.action is None:
        raise _ACTIONS.error([f"key 'action' has null; it may be {EXPECTED['action']}"])
    if event.action is Action.EVIDENCE:
        return event
    missing = [
        f"key '{name}' is missing; it may be {EXPECTED[name]}"
        for name in ("database", "code")
        if getattr(event, name) is None
    ]
    if missing:
        raise _ACTIONS.error(missing)
    if event.code in UNMUTABLE:
        raise EventError(
            f"Cannot {event.action} {event.code}: it says that messages reach nobody.",
            todo="Confirm or remove the subscription, as the finding says: lifeboat status.",
        )
    return event
