"""The metrics in CloudWatch: Lambda's own, which are free, and a few of Lifeboat's.

`lifeboat.monitor.policy.metric_values` decides what is sent, and how often. This module reads it.
"""

from datetime import UTC, datetime, timedelta
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from lifeboat.errors import SettingsError
from lifeboat.model.schedule import longest_interval
from lifeboat.settings import MonitorSettings

NAMESPACE = "Lifeboat"
"""The namespace of the metrics that the functions write into their logs."""

MAX_INTERVAL = timedelta(hours=12)
"""Alarms look back over two intervals of the monitor, and CloudWatch over a day at most."""

RUN = Duration.hours(1)
"""Lambda gives its metrics the time of the run's start, which may be 15 minutes ago when they
arrive: an alarm with a shorter period may never see them.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html
"""

DAY = Duration.days(1)

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


def monitor_interval(monitor: MonitorSettings) -> timedelta:
    """The longest time between two checks of the monitor.

    Raises:
        SettingsError: it is too long, or there are fewer than two checks.
    """
    # The day matters only for a cron that names years.
    interval = longest_interval(monitor.cron, datetime.now(UTC).date(), 366)
    if interval is None or interval > MAX_INTERVAL:
        found = (
            f"there are {interval / _HOUR:g} hours between two checks"
            if interval
            else "it runs only once"
        )
        raise SettingsError(
            f"Invalid lifeboat.monitor.cron '{monitor.cron}': {found}, at most "
            f"{MAX_INTERVAL // _HOUR} hours are allowed, or no alarm could notice in time that the "
            "monitor has stopped.",
            todo="Run the monitor more often, such as every hour: '15 * * * ? *'.",
        )
    return interval


def whole_minutes(time: timedelta) -> int:
    """A time in minutes, rounded up, as CloudWatch's periods are whole minutes."""
    return ceil(time / _MINUTE)


def monitor_metric(monitor: MonitorSettings, name: str) -> cloudwatch.Metric:
    """The newest value of a metric that each check of the monitor sends.

    Its period is two intervals: with one, a check that is a minute late would be missing.
    """
    return _of(name, None, period=Duration.minutes(whole_minutes(2 * monitor_interval(monitor))))


def daily_metric(name: str, database: str | None = None) -> cloudwatch.Metric:
    """A metric that the monitor sends once a day, about a database or about all of them."""
    return _of(name, database, period=DAY)


def run_metric(name: str, database: str) -> cloudwatch.Metric:
    """A metric that each backup or drill of a database sends."""
    return _of(name, database, period=RUN)


def _of(name: str, database: str | None, *, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Database": database} if database else None,
        statistic="Maximum",
        period=period,
    )
