"""What the function that restores by Neon may be asked for. Only a person asks.

    {"action": "restore", "database": "app", "at": "2026-11-22T09:00:00Z"}
    {"action": "restore", "database": "app", "snapshot": "before the move"}
    {"action": "undo", "database": "app"}

The answer is a plan, for which nothing is touched. It has the event that carries it out:

    {"action": "restore", "database": "app", "plan": "2026-11-22T103000Z", "execute": true,
     "confirm": "main"}
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from lifeboat.model.events import EventParser, Request, custom_error
from lifeboat.model.keys import DATABASE_NAME, parse_time_id
from lifeboat.model.utc import UtcTime


class Action(StrEnum):
    """What to do."""

    RESTORE = "restore"
    UNDO = "undo"


MAY_BE = {
    "action": "'restore' or 'undo'",
    "database": "the name of a database in the settings, such as 'app'",
    "at": "the moment to go back to, in UTC, such as '2026-11-22T09:00:00Z'",
    "snapshot": "the name or the id of a snapshot in Neon, such as 'before the move'",
    "plan": "the id of a plan, as its answer has it, such as '2026-11-22T103000Z'",
    "execute": "true or false",
    "confirm": "the name of the branch, as the plan has it",
    "without_backup": "true or false",
}


class NeonRestoreEvent(Request):
    """What to restore.

    Attributes:
        action: throw the branch back, or undo that.
        database: its name in the settings.
        at: the moment to go back to; for the plan of a restore only.
        snapshot: name or id of the snapshot to go back to, in the place of a moment.
        plan: the plan to carry out.
        execute: carry it out.
        confirm: the branch's name, as a person has typed it.
        without_backup: do not back up to S3 first.
    """

    action: Action
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    at: UtcTime | None = None
    snapshot: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    plan: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z$")] | None = None
    execute: bool = False
    confirm: Annotated[str, Field(max_length=256)] | None = None
    without_backup: bool = False

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        if self.execute:
            return self._carries_out_a_plan()
        if self.plan or self.confirm:
            raise custom_error("keys 'plan' and 'confirm' go with \"execute\": true")
        given = [each for each in ("at", "snapshot") if getattr(self, each) is not None]
        if self.action is Action.RESTORE and not given:
            raise custom_error(f"key 'at' or 'snapshot' is missing; 'at' may be {MAY_BE['at']}")
        if self.action is Action.RESTORE and len(given) > 1:
            raise custom_error("keys 'at' and 'snapshot' are two answers to where to go back to")
        if self.action is Action.UNDO and given:
            raise custom_error(
                f"key '{given[0]}' is of no use to 'undo': it goes back to what was before"
            )
        return self

    def _carries_out_a_plan(self) -> Self:
        if self.plan is None or parse_time_id(self.plan) is None:
            raise custom_error(f"key 'plan' is missing or no time; it may be {MAY_BE['plan']}")
        if self.confirm is None:
            raise custom_error(f"key 'confirm' is missing; it may be {MAY_BE['confirm']}")
        if self.at or self.snapshot:
            raise custom_error("keys 'at' and 'snapshot' make a plan, which knows them")
        return self


_GRAMMAR = EventParser(
    NeonRestoreEvent,
    MAY_BE,
    samples=(
        {"action": "restore", "database": "app", "at": "2026-11-22T09:00:00Z"},
        {"action": "restore", "database": "app", "snapshot": "before the move"},
        {"action": "undo", "database": "app"},
    ),
)


def parse_neon_restore_event(event: object) -> NeonRestoreEvent:
    """The request that an event makes; a plan unless it says `"execute": true`.

    Raises:
        EventError: it makes none; says which key has what, and what it may be.
    """
    return _GRAMMAR.read(event)
