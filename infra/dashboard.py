"""The CloudWatch dashboard for people on call: the status page, then graphs of each database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.metrics import DAY, RUN, daily_metric, monitor_metric, run_metric
from lifeboat.model.metrics import (
    ARCHIVE_BYTES,
    BACKUP_AGE,
    DRILL_AGE,
    FINDINGS,
    MONTHLY_COST,
    ROWS,
    RTO_MARGIN,
)
from lifeboat.settings import Settings

SHOWN_PERIOD = Duration.days(28)
"""Long enough for four weekly drills."""

_TOP_HEIGHT = 16
_ROW_HEIGHT = 6


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is shown of one database."""

    settings: Settings
    """With only that database."""

    backup: lambda_.IFunction

    drill: lambda_.IFunction | None
    """None if drills are disabled."""

    @property
    def name(self) -> str:
        """The database's name."""
        return self.settings.databases[0].name

    @property
    def jobs(self) -> dict[str, lambda_.IFunction]:
        """Its functions by what they do."""
        return {"backup": self.backup} | ({"drill": self.drill} if self.drill else {})


class Dashboard(Construct):
    """A dashboard of the stack's own name: the status, then a row of graphs per database.

    Whoever looks at it invokes the monitor for the status, and so must be allowed to
    (lambda:InvokeFunction). CloudWatch asks once whether the function may be run.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        alarms: of the stack.
        monitor: the function that shows the status.
        rows: of the databases.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        alarms: Sequence[cloudwatch.IAlarm],
        monitor: lambda_.IFunction,
        rows: Sequence[Row],
    ) -> None:
        super().__init__(scope, construct_id)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=Stack.of(self).stack_name,
            default_interval=SHOWN_PERIOD,
            widgets=[
                [_status(monitor), _beside(_alarms(alarms), _now(settings))],
                *(list(_graphs(row)) for row in rows),
            ],
        )


def _status(monitor: lambda_.IFunction) -> cloudwatch.CustomWidget:
    """The status page that the last check wrote, whatever time range the dashboard shows."""
    return cloudwatch.CustomWidget(
        title="Status",
        function_arn=monitor.function_arn,
        update_on_refresh=True,
        update_on_resize=False,
        update_on_time_range_change=False,
        width=18,
        height=_TOP_HEIGHT,
    )


def _beside(*widgets: cloudwatch.IWidget) -> cloudwatch.IWidget:
    """These widgets, one below the other; jsii's types don't know that a column is a widget."""
    return cast("cloudwatch.IWidget", cloudwatch.Column(*widgets))


def _alarms(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    return cloudwatch.AlarmStatusWidget(
        title="Alarms",
        alarms=list(alarms),
        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width=6,
        height=_TOP_HEIGHT // 2,
    )


def _now(settings: Settings) -> cloudwatch.SingleValueWidget:
    monitor = settings.monitor
    age = f"age of the newest backup, worst database, hours (limit {monitor.max_age_hours})"
    return cloudwatch.SingleValueWidget(
        title="All databases",
        metrics=[
            monitor_metric(monitor, BACKUP_AGE).with_(label=age),
            daily_metric(MONTHLY_COST).with_(label="cost, USD per month (updated daily)"),
        ],
        width=6,
        height=_TOP_HEIGHT // 2,
    )


def _graphs(row: Row) -> Iterator[cloudwatch.IWidget]:
    yield _failures(row)
    yield _once_a_day(row)
    yield _sizes(row)
    yield _durations(row)
    if row.drill:
        yield _recovery(row)


def _failures(row: Row) -> cloudwatch.GraphWidget:
    """Lambda's own count, which is free; a drill that finds a bad backup also counts."""
    return cloudwatch.GraphWidget(
        title=f"{row.name}: failed runs",
        left=[
            function.metric_errors(statistic="Sum", period=DAY, label=f"failed {job}s per day")
            for job, function in row.jobs.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=5,
        height=_ROW_HEIGHT,
    )


def _once_a_day(row: Row) -> cloudwatch.SingleValueWidget:
    monitor = row.settings.monitor
    labels = {
        FINDINGS: "findings, critical and warning",
        BACKUP_AGE: f"age of the newest backup, hours (limit {monitor.max_age_hours})",
    }
    if row.drill:
        labels[DRILL_AGE] = f"age of the last drill, days (limit {monitor.max_drill_age_days})"
    return cloudwatch.SingleValueWidget(
        title=f"{row.name}: status (updated daily)",
        metrics=[
            daily_metric(metric, row.name).with_(label=label) for metric, label in labels.items()
        ],
        width=5,
        height=_ROW_HEIGHT,
    )


def _sizes(row: Row) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=f"{row.name}: backup size",
        left=[run_metric(ARCHIVE_BYTES, row.name).with_(label="archive, bytes")],
        right=[run_metric(ROWS, row.name).with_(label="rows")],
        width=5,
        height=_ROW_HEIGHT,
    )


def _durations(row: Row) -> cloudwatch.GraphWidget:
    settings = row.settings
    limits = {settings.backup.timeout_minutes: "backup"}
    if row.drill:
        same = settings.drill.timeout_minutes in limits
        limits[settings.drill.timeout_minutes] = "both" if same else "drill"
    return cloudwatch.GraphWidget(
        title=f"{row.name}: run time and time limit",
        left=[_minutes(job, function) for job, function in row.jobs.items()],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=minutes, label=f"time limit of {which}", color=cloudwatch.Color.RED
            )
            for minutes, which in limits.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=5,
        height=_ROW_HEIGHT,
    )


def _minutes(job: str, function: lambda_.IFunction) -> cloudwatch.MathExpression:
    """Lambda's own figure, which is free and in milliseconds."""
    return cloudwatch.MathExpression(
        expression=f"{job} / 60000",
        using_metrics={job: function.metric_duration(statistic="Maximum", period=RUN)},
        label=f"{job}, minutes",
        period=RUN,
    )


def _recovery(row: Row) -> cloudwatch.GraphWidget:
    minutes = row.settings.drill.rto_minutes
    return cloudwatch.GraphWidget(
        title=f"{row.name}: RTO margin (RTO {minutes} min)",
        left=[run_metric(RTO_MARGIN, row.name).with_(label="margin, seconds")],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=0,
                label="RTO missed",
                color=cloudwatch.Color.RED,
                fill=cloudwatch.Shading.BELOW,
            )
        ],
        left_y_axis=cloudwatch.YAxisProps(max=minutes * 60, show_units=False),
        width=4,
        height=_ROW_HEIGHT,
    )
