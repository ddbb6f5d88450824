"""The times at which a schedule should fire; checks compare backups and drills with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter  # type: ignore[import-untyped]  # it ships no types

from lifeboat.model.schedule import is_skipped


def scheduled_times(
    cron: str, timezone: str, since: datetime, until: datetime | None = None
) -> Iterator[datetime]:
    """The times in UTC, from `since` to `until` (both included), at which a schedule fires.

    Like EventBridge Scheduler, it skips times in the hour that is lost when clocks are put forward,
    and fires once in the hour that is repeated. Without `until` it may be endless.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

    Raises:
        ValueError: `cron` is not an AWS cron expression, or `since` has no time zone.
    """
    schedule, zone = AwsCroniter(cron), ZoneInfo(timezone)
    # The library takes UTC only, so it gets local time as if that were UTC.
    cursor, inclusive = since.astimezone(zone).replace(tzinfo=UTC), True
    while True:
        run: datetime | None = schedule.get_next(cursor, inclusive=inclusive)[0]
        if run is None:
            return
        cursor, inclusive = run, False
        wall = run.replace(tzinfo=None)
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if until is not None and moment > until:
            return
        if moment >= since and not is_skipped(wall, zone):
            yield moment


def next_scheduled(cron: str, timezone: str, since: datetime) -> datetime | None:
    """The first time from `since` on at which a schedule fires; None if it never does.

    Raises:
        ValueError: `cron` is not an AWS cron expression, or `since` has no time zone.
    """
    return next(scheduled_times(cron, timezone, since), None)


def last_scheduled(cron: str, timezone: str, until: datetime) -> datetime | None:
    """The last time up to `until` (included) at which a schedule fired; None if it never did.

    Raises:
        ValueError: `cron` is not an AWS cron expression, or `until` has no time zone.
    """
    schedule, zone = AwsCroniter(cron), ZoneInfo(timezone)
    # A repeated hour comes after its own local time, so the search starts a day later.
    cursor = (until + timedelta(days=1)).astimezone(zone).replace(tzinfo=UTC)
    while run := schedule.get_prev(cursor, inclusive=True)[0]:
        wall = run.replace(tzinfo=None)
        moment: datetime = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment <= until and not is_skipped(wall, zone):
            return moment
        cursor = run - timedelta(minutes=1)
    return None
