"""The metrics that a check sends to CloudWatch."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.model.metrics import BACKUP_AGE, DRILL_AGE, FINDINGS, MONTHLY_COST, MetricValue
from lifeboat.monitor.policy.scheduled_times import last_scheduled
from lifeboat.monitor.policy.status import DatabaseStatus, Status
from lifeboat.settings import WatchedSettings

DAILY_AFTER = timedelta(hours=6)
"""The first check of a day after this time (UTC) sends the daily metrics: usually the backups of
the night have ended by then."""


def metrics_of(status: Status, settings: WatchedSettings, now: datetime) -> Iterator[MetricValue]:
    """The metrics of a check. An unknown value is not sent: a default could look healthy."""
    if status.unprotected_hours is not None:
        yield MetricValue(BACKUP_AGE, status.unprotected_hours)
    if settings.dashboard and is_daily(settings.monitor.cron, now):
        yield MetricValue(MONTHLY_COST, status.bill.total)
        for each in status.databases:
            yield from _of_database(each)


def is_daily(cron: str, now: datetime) -> bool:
    """Whether the check at `now` is the one that sends the daily metrics.

    A check on demand counts like the scheduled one before it, so usually in the same hour.

    Raises:
        ValueError: `cron` is not an AWS cron expression, or `now` has no time zone.
    """
    run = last_scheduled(cron, "UTC", now)
    before = run and last_scheduled(cron, "UTC", run - timedelta(minutes=1))
    if run is None or before is None:
        return True
    return (run - DAILY_AFTER).date() != (before - DAILY_AFTER).date()


def _of_database(database: DatabaseStatus) -> Iterator[MetricValue]:
    if database.checked:
        yield MetricValue(FINDINGS, database.critical_findings + database.warnings, database.name)
    if database.newest_backup:
        yield MetricValue(BACKUP_AGE, database.newest_backup.age_hours, database.name)
    if database.newest_drill:
        yield MetricValue(DRILL_AGE, database.newest_drill.age_days, database.name)
