"""The tier of a run, and how long its objects are kept.

S3 alone applies retention, so a run must know its tier before it writes the first key. The tier
follows from the *scheduled* time, not from the clock: a second or late delivery of a scheduled
event gets the same key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lifeboat.model.utc import in_utc

SUNDAY = 7
"""In `date.isoweekday`."""


class Tier(StrEnum):
    """A class of retention; its value is the first part of a backup's keys."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


@dataclass(frozen=True)
class Rule:
    """One rule of the calendar: a tier, the days that it applies to, and the reason in words."""

    tier: Tier
    applies: Callable[[date], bool]
    reason: str


CALENDAR = (
    Rule(Tier.MONTHLY, lambda day: day.day == 1, "the run of the 1st stands for its month"),
    Rule(Tier.WEEKLY, lambda day: day.isoweekday() == SUNDAY, "Sunday's run stands for its week"),
    Rule(Tier.DAILY, lambda _day: True, "neither the 1st of a month nor a Sunday"),
)
"""The first rule that applies decides. If a schedule runs several times a day, all its runs have
that day's tier: to choose one of them, a run would have to know the others.
"""


def rule_of(scheduled: datetime, zone: ZoneInfo) -> Rule:
    """The rule that applies to a scheduled run, by the calendar of the schedule's zone.

    Raises:
        ValueError: `scheduled` has no time zone.
    """
    day = in_utc(scheduled).astimezone(zone).date()
    return next(rule for rule in CALENDAR if rule.applies(day))


def tier_of(scheduled: datetime, zone: ZoneInfo) -> Tier:
    """The tier of a scheduled run; `rule_of` also gives the reason."""
    return rule_of(scheduled, zone).tier


def expires(days: int | None, start: datetime) -> datetime | None:
    """The time from which S3 may delete a backup with that start; None if it is kept forever.

    S3 counts from the object's creation and rounds up to the next midnight UTC, so this time means
    "not before".
    """
    return None if days is None else in_utc(start) + timedelta(days=days)


def locked_until(lock_days: int | None, start: datetime) -> datetime | None:
    """The time until which Object Lock protects every object; None if there is no lock.

    It counts from the same start as `expires`, so it is never later than the lifecycle rule's end.
    Otherwise versions would remain that no rule can delete.
    """
    return None if lock_days is None else in_utc(start) + timedelta(days=lock_days)
