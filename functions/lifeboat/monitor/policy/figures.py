"""What a look of the monitor sends to CloudWatch."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.model.metrics import BACKUP_AGE, DRILL_AGE, FINDINGS, MONTHLY_COST, MetricValue
from lifeboat.monitor.policy.slots import last_slot
from lifeboat.monitor.policy.status import DatabaseStatus, Status
from lifeboat.settings import WatchedSettings

MORNING = timedelta(hours=6)
"""The look that sends what is sent once a day is the first one from then on, in UTC: a night's
backups are over by that time, as a rule."""


def figures_of(status: Status, settings: WatchedSettings, now: datetime) -> Iterator[MetricValue]:
    """What a look sends. Nothing is sent that isn't known: nobody may take it for good."""
    if status.unprotected_hours is not None:
        yield MetricValue(BACKUP_AGE, status.unprotected_hours)
    if settings.dashboard and is_daily(settings.monitor.cron, now):
        yield MetricValue(MONTHLY_COST, status.bill.total)
        for each in status.databases:
            yield from _of_database(each)


def is_daily(cron: str, now: datetime) -> bool:
    """Whether the look at `now` is the one of its day that sends what is sent once a day.

    A look by hand counts like the scheduled one before it, and so mostly in the same hour.

    Raises:
        ValueError: `cron` is no AWS cron expression, or `now` has no time zone.
    """
    turn = last_slot(cron, "UTC", now)
    before = turn and last_slot(cron, "UTC", turn - timedelta(minutes=1))
    if turn is None or before is None:
        return True
    return (turn - MORNING).date() != (before - MORNING).date()


def _of_database(database: DatabaseStatus) -> Iterator[MetricValue]:
    if database.checked:
        yield MetricValue(FINDINGS, database.critical_findings + database.warnings, database.name)
    if database.newest_backup:
        yield MetricValue(BACKUP_AGE, database.newest_backup.age_hours, database.name)
    if database.newest_drill:
        yield MetricValue(DRILL_AGE, database.newest_drill.age_days, database.name)
