"""The metrics in CloudWatch: those of Lambda itself, which are free, and a few of our own.

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
"""Of the metrics that the functions write into their logs."""

LONGEST_GAP = timedelta(hours=12)
"""Alarms look back over two of the monitor's gaps, and CloudWatch over a day at most."""

RUN = Duration.hours(1)
"""Lambda dates its figures back to the start of a run, which may be 15 minutes ago when they
arrive: an alarm that looks back over less may never see them.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html
"""

DAY = Duration.days(1)

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


def gap_of(monitor: MonitorSettings) -> timedelta:
    """The longest time between two looks of the monitor.

    Raises:
        SettingsError: it is too long, or there are no two looks.
    """
    # The day matters only for a cron that names years.
    gap = longest_interval(monitor.cron, datetime.now(UTC).date(), 366)
    if gap is None or gap > LONGEST_GAP:
        found = (
            f"there are {gap / _HOUR:g} hours between two checks" if gap else "it runs only once"
        )
        raise SettingsError(
            f"Invalid lifeboat.monitor.cron '{monitor.cron}': {found}, at most "
            f"{LONGEST_GAP // _HOUR} hours are allowed, or no alarm could notice in time that the "
            "monitor has stopped.",
            todo="Run the monitor more often, such as every hour: '15 * * * ? *'.",
        )
    return gap


def whole_minutes(time: timedelta) -> int:
    """CloudWatch counts in whole minutes."""
    return ceil(time / _MINUTE)


def in_a_look(monitor: MonitorSettings, name: str) -> cloudwatch.Metric:
    """The newest value of what the monitor reports at each look.

    Its period is two gaps: in one alone, a look that comes a minute late would be absent.
    """
    return _of(name, None, period=Duration.minutes(whole_minutes(2 * gap_of(monitor))))


def of_the_day(name: str, database: str | None = None) -> cloudwatch.Metric:
    """What the monitor reports once a day, about a database or about all of them."""
    return _of(name, database, period=DAY)


def in_a_run(name: str, database: str) -> cloudwatch.Metric:
    """What a backup or a drill of a database reports about itself."""
    return _of(name, database, period=RUN)


def _of(name: str, database: str | None, *, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Database": database} if database else None,
        statistic="Maximum",
        period=period,
    )
