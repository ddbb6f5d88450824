"""Which tier a run belongs to, and how long its objects last.

Retention is done by S3 alone, so the tier has to be known when the first key is written. It
follows from the *scheduled* time, never from the clock: a second delivery of a schedule, or one
that comes hours late, lands where the first one did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lifeboat.model.utc import in_utc

SUNDAY = 7
"""By `date.isoweekday`."""


class Tier(StrEnum):
    """A class of retention; its value is the first part of every key."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


@dataclass(frozen=True)
class Rule:
    """One line of the calendar: the tier, the days it takes, and why, in a person's words."""

    tier: Tier
    applies: Callable[[date], bool]
    reason: str


CALENDAR = (
    Rule(Tier.MONTHLY, lambda day: day.day == 1, "the run of the 1st stands for its month"),
    Rule(Tier.WEEKLY, lambda day: day.isoweekday() == SUNDAY, "Sunday's run stands for its week"),
    Rule(Tier.DAILY, lambda _day: True, "neither the 1st of a month nor a Sunday"),
)
"""The first rule that applies decides. A schedule that runs several times a day keeps them all in
that day's tier: choosing one of them would need to know the others.
"""


def rule_of(scheduled: datetime, zone: ZoneInfo) -> Rule:
    """The rule that decides over a scheduled run, by the calendar of the schedule's own zone.

    Raises:
        ValueError: `scheduled` has no time zone.
    """
    day = in_utc(scheduled).astimezone(zone).date()
    return next(rule for rule in CALENDAR if rule.applies(day))


def tier_of(scheduled: datetime, zone: ZoneInfo) -> Tier:
    """The tier of a scheduled run; see `rule_of`, which also knows the reason."""
    return rule_of(scheduled, zone).tier


def expires(days: int | None, start: datetime) -> datetime | None:
    """The moment from which S3 may expire a backup of that start; None when it is kept forever.

    S3 counts from the object's creation and rounds up to the next midnight UTC, so what is
    promised here is "not before".
    """
    return None if days is None else in_utc(start) + timedelta(days=days)


def locked_until(lock_days: int | None, start: datetime) -> datetime | None:
    """The moment up to which Object Lock holds every object; None when there is no lock.

    Counted from the same start as `expires`, hence never later than the lifecycle rule's own
    end, which would leave behind versions that no rule can remove.
    """
    return None if lock_days is None else in_utc(start) + timedelta(days=lock_days)
