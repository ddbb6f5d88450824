"""The metrics that the functions send to CloudWatch: their names, and how often they are sent.

CloudWatch bills a metric for each hour in which it is sent. One is sent at each look of the
monitor, since an alarm reads it. What only the dashboard shows is sent once a day, or by the run
that it is about; without a dashboard it is not sent at all. What Lambda itself measures, such as
failures and durations, is free, and so not sent again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

BACKUP_AGE = "BackupAge"
"""Hours. At each look, of the database whose newest backup is oldest; once a day, of each one."""

MONTHLY_COST = "MonthlyCost"
"""US dollars, of everything; once a day."""

FINDINGS = "Findings"
"""Of one database, critical ones and warnings; once a day."""

DRILL_AGE = "DrillAge"
"""Days, of one database; once a day."""

ARCHIVE_BYTES, ROWS = "ArchiveBytes", "Rows"
"""Of each backup, by its own run."""

RTO_MARGIN = "RtoMargin"
"""Seconds that each drill left of those that it may take, by its own run."""

AT_EACH_LOOK = (BACKUP_AGE,)
"""What the monitor sends at each look."""

DAILY = (MONTHLY_COST,)
"""What it sends once a day."""

DAILY_OF_A_DATABASE = (FINDINGS, BACKUP_AGE)
"""What it sends once a day of each database."""

DAILY_OF_DRILLS = (DRILL_AGE,)
"""What it sends besides where there are drills."""

OF_A_BACKUP = (ARCHIVE_BYTES, ROWS)
"""What each backup sends."""

OF_A_DRILL = (RTO_MARGIN,)
"""What each drill sends."""


@dataclass(frozen=True)
class Figure:
    """One value of a metric.

    Attributes:
        name: of the metric.
        value: in the metric's own unit.
        database: whose it is; None when it is about all of them.
    """

    name: str
    value: float
    database: str | None = None


def of_a_backup(database: str, archive_bytes: int, rows: int) -> Iterable[Figure]:
    """What a backup's run sends."""
    yield Figure(ARCHIVE_BYTES, archive_bytes, database)
    yield Figure(ROWS, rows, database)


def of_a_drill(database: str, margin_seconds: float) -> Iterable[Figure]:
    """What a drill's run sends."""
    yield Figure(RTO_MARGIN, margin_seconds, database)
