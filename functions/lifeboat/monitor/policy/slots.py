"""When a schedule is to fire: the moments that its backups or drills are measured against."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter  # type: ignore[import-untyped]  # it ships no types

from lifeboat.model.schedule import is_skipped


def slots(
    cron: str, timezone: str, since: datetime, until: datetime | None = None
) -> Iterator[datetime]:
    """The moments in UTC, from `since` to `until` (both included), at which a schedule fires.

    As EventBridge Scheduler does it, there is no slot in an hour that clocks leave out, and only
    the first of two in an hour that they repeat. Without an end there may be no end to them.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

    Raises:
        ValueError: `cron` is no AWS cron expression, or `since` has no time zone.
    """
    schedule, zone = AwsCroniter(cron), ZoneInfo(timezone)
    # The library takes UTC only, so it is given the wall clock's time as if that were UTC.
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


def next_slot(cron: str, timezone: str, since: datetime) -> datetime | None:
    """The first moment from `since` on at which a schedule fires; None when it never does again.

    Raises:
        ValueError: `cron` is no AWS cron expression, or `since` has no time zone.
    """
    return next(slots(cron, timezone, since), None)


def last_slot(cron: str, timezone: str, until: datetime) -> datetime | None:
    """The last moment up to `until` (included) at which a schedule fired; None when it never did.

    Raises:
        ValueError: `cron` is no AWS cron expression, or `until` has no time zone.
    """
    schedule, zone = AwsCroniter(cron), ZoneInfo(timezone)
    # An hour that clocks repeat lies behind its own wall time, so the search begins a day later.
    cursor = (until + timedelta(days=1)).astimezone(zone).replace(tzinfo=UTC)
    while run := schedule.get_prev(cursor, inclusive=True)[0]:
        wall = run.replace(tzinfo=None)
        moment: datetime = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment <= until and not is_skipped(wall, zone):
            return moment
        cursor = run - timedelta(minutes=1)
    return None
