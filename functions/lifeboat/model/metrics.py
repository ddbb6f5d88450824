"""The metrics that the functions send to CloudWatch: their names, and how often they are sent.

CloudWatch bills a metric for each hour in which it is sent. Each check of the monitor sends one
metric, because an alarm reads it. Metrics that only the dashboard shows are sent once a day, or by
the run that they are about; without a dashboard they are not sent. Lambda itself measures failures
and durations for free, so the functions do not send these.
"""

from collections.abc import Iterable
from dataclasses import dataclass

BACKUP_AGE = "BackupAge"
"""Hours. Each check sends the highest age of all databases; once a day, each database's age."""

MONTHLY_COST = "MonthlyCost"
"""US dollars for everything; once a day."""

FINDINGS = "Findings"
"""Critical findings and warnings of one database; once a day."""

DRILL_AGE = "DrillAge"
"""Days since the last drill of one database; once a day."""

ARCHIVE_BYTES, ROWS = "ArchiveBytes", "Rows"
"""Of each backup; its own run sends them."""

RTO_MARGIN = "RtoMargin"
"""Seconds that a drill had left of its RTO; its own run sends it."""

EACH_CHECK = (BACKUP_AGE,)
"""Metrics that each check of the monitor sends."""

DAILY = (MONTHLY_COST,)
"""Metrics that the monitor sends once a day."""

DAILY_PER_DATABASE = (FINDINGS, BACKUP_AGE)
"""Metrics that the monitor sends once a day for each database."""

DAILY_PER_DRILLED_DATABASE = (DRILL_AGE,)
"""Metrics that it also sends if drills are enabled."""

EACH_BACKUP = (ARCHIVE_BYTES, ROWS)
"""Metrics that each backup sends."""

EACH_DRILL = (RTO_MARGIN,)
"""Metrics that each drill sends."""


@dataclass(frozen=True)
class MetricValue:
    """One value of a metric.

    Attributes:
        name: of the metric.
        value: in the metric's own unit.
        database: the database that it is about; None for all of them.
    """

    name: str
    value: float
    database: str | None = None


def backup_metrics(database: str, archive_bytes: int, rows: int) -> Iterable[MetricValue]:
    """The metrics of a backup's run."""
    yield MetricValue(ARCHIVE_BYTES, archive_bytes, database)
    yield MetricValue(ROWS, rows, database)


def drill_metrics(database: str, margin_seconds: float) -> Iterable[MetricValue]:
    """The metrics of a drill's run."""
    yield MetricValue(RTO_MARGIN, margin_seconds, database)
