"""When the status page was written, when the next one is due, and when a page is too old."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.model.schedule import longest_interval
from lifeboat.monitor.policy.scheduled_times import next_scheduled

_MINUTE = timedelta(minutes=1)
_YEAR_DAYS = 366
_UNKNOWN_INTERVAL = timedelta(hours=12)
"""The longest interval that a deployment allows; for a schedule that never runs again."""


@dataclass(frozen=True, kw_only=True)
class PageTime:
    """The times of one status page.

    Attributes:
        written: when its check began.
        next_check: when the next check is due; None if the schedule never runs again.
        too_old: from then on, two checks are missing: the monitor has stopped.
    """

    written: datetime
    next_check: datetime | None
    too_old: datetime


def page_time(cron: str, written: datetime) -> PageTime:
    """The times of a page, by the monitor's schedule.

    Raises:
        ValueError: `cron` is not an AWS cron expression, or `written` has no time zone.
    """
    interval = longest_interval(cron, written.date(), _YEAR_DAYS) or _UNKNOWN_INTERVAL
    next_check = next_scheduled(cron, "UTC", written + _MINUTE)
    return PageTime(
        written=written,
        next_check=next_check,
        too_old=(next_check or written) + interval,
    )
