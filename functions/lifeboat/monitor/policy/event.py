"""The monitor's event, from its schedule or from a person."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lifeboat.errors import EventError
from lifeboat.model.events import show


class MonitorEvent(BaseModel):
    """How to answer. Other keys are ignored: a check is never refused for one.

    Attributes:
        format: "json" for an object, "text" for a table that people read in a terminal.
        scheduled: the schedule puts its time here. A scheduled run fails when nobody is subscribed
            to the alerts.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["json", "text"] = "json"
    scheduled: object = None

    @property
    def is_scheduled(self) -> bool:
        """Whether the schedule started the check, and not a person."""
        return "scheduled" in self.model_fields_set


def parse_monitor_event(event: object) -> MonitorEvent:
    """The request in an event.

    Raises:
        EventError: it asks for an unknown format.
    """
    match event:
        case {"format": other} if other not in ("json", "text"):
            raise EventError(
                f'Invalid event: \'format\' is {show(other)}, expected "text" or "json".',
                todo='Use {"format": "text"}, or {} for JSON.',
            )
        case Mapping():
            return MonitorEvent.model_validate(event)
    return MonitorEvent()
