"""When a cron expression fires, and in which tier its backups are.

Times without a zone are local times in the schedule's zone, as EventBridge Scheduler reads them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter  # type: ignore[import-untyped]  # it ships no types

from lifeboat.model.tiers import CALENDAR, Tier


def runs_per_day(cron: str) -> int:
    """How many runs there are on a day that has any.

    Raises:
        ValueError: `cron` is not an AWS cron expression.
    """
    schedule = AwsCroniter(cron)
    return len(set(schedule.hours)) * len(set(schedule.minutes))


def first_runs(cron: str, since: date, days: int) -> Iterator[datetime]:
    """The first run of each day that has one, within `days` days from `since`; without a zone.

    Raises:
        ValueError: `cron` is not an AWS cron expression.
    """
    schedule = AwsCroniter(cron)
    cursor = datetime.combine(
        since, time(), UTC
    )  # the library takes UTC only; it stands for local time
    end = cursor + timedelta(days=days)
    while True:
        run: datetime | None = schedule.get_next(cursor, inclusive=True)[0]
        if run is None or run >= end:
            return
        yield run.replace(tzinfo=None)
        cursor = datetime.combine(run.date() + timedelta(days=1), time(), UTC)


def runs(cron: str, timezone: str, since: datetime, until: datetime) -> list[datetime]:
    """The times in UTC after `since` and up to `until` at which a schedule fires.

    Raises:
        ValueError: `cron` is not an AWS cron expression.
    """
    schedule, zone = AwsCroniter(cron), ZoneInfo(timezone)
    times = sorted({time(hour, minute) for hour in schedule.hours for minute in schedule.minutes})
    first = since.astimezone(zone).date()
    days = (until.astimezone(zone).date() - first).days + 1
    walls = (datetime.combine(day, each) for day in first_runs(cron, first, days) for each in times)
    moments = (
        wall.replace(tzinfo=zone).astimezone(UTC) for wall in walls if not is_skipped(wall, zone)
    )
    return sorted(moment for moment in moments if since < moment <= until)


def longest_interval(cron: str, since: date, days: int) -> timedelta | None:
    """The longest time between two consecutive runs within `days` days from `since`.

    It is measured in local time: when clocks are put back, the real time is an hour longer. None if
    there are fewer than two runs.

    Raises:
        ValueError: `cron` is not an AWS cron expression.
    """
    schedule = AwsCroniter(cron)
    times = sorted(
        {timedelta(hours=h, minutes=m) for h in schedule.hours for m in schedule.minutes}
    )
    runs = list(first_runs(cron, since, days))
    within = [later - earlier for earlier, later in pairwise(times)] if runs else []
    overnight = times[-1] - times[0]
    across = [later - earlier - overnight for earlier, later in pairwise(runs)]
    return max([*within, *across], default=None)


def tier_of_day(day: date) -> Tier:
    """The tier of a run on that day, in the schedule's zone."""
    return next(rule.tier for rule in CALENDAR if rule.applies(day))


def is_skipped(run: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks are put forward over that time, so that EventBridge Scheduler skips the run.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html, daylight saving.
    """
    aware = run.replace(tzinfo=zone)
    return aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != run
