"""The CloudWatch dashboard for people on call: what is wrong, and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.metrics import DAY, RUN, daily_metric, monitor_metric, run_metric
from lifeboat.model.commands import Commands
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

WIDTH = 24
"""Columns of a CloudWatch dashboard."""

SHOWN_PERIOD = Duration.days(28)
"""Long enough for four weekly drills."""

RUNBOOKS = {
    "alarms": "you were notified, and need more than the message says",
    "data-corruption": "data was changed or deleted by mistake",
    "partial-restore": "you need one table, or some rows, back",
    "full-loss": "the whole database is gone",
    "neon-restore": "you restore into Neon",
    "archived-backup": "the backup is in Glacier",
    "lifeboat-is-gone": "the stack, or its account, is gone",
    "rotate-secret": "a password has changed",
    "onboarding": "you add another database",
}
"""Files of docs/runbooks, the most urgent first, and when each is needed."""


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
    """A dashboard of the stack's own name: alarms and runbooks, then a row per database.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        alarms: of the stack.
        commands: what a person can run.
        rows: of the databases.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        alarms: Sequence[cloudwatch.IAlarm],
        commands: Commands,
        rows: Sequence[Row],
    ) -> None:
        super().__init__(scope, construct_id)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=Stack.of(self).stack_name,
            default_interval=SHOWN_PERIOD,
            widgets=[
                [_alarms(alarms), _now(settings), _help(commands)],
                *(line for row in rows for line in _lines(row, commands)),
            ],
        )


def _alarms(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    return cloudwatch.AlarmStatusWidget(
        title="Alarms",
        alarms=list(alarms),
        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width=8,
        height=8,
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
        height=8,
    )


def _help(commands: Commands) -> cloudwatch.TextWidget:
    runbooks = "\n".join(f"| {when} | `{name}.md` |" for name, when in RUNBOOKS.items())
    return cloudwatch.TextWidget(
        markdown=(
            f"**In the project's `docs/runbooks/`**\n\n| when | read |\n|---|---|\n{runbooks}\n\n"
            f"Status as a table:\n\n```\n{commands.status()}\n```"
        ),
        width=10,
        height=8,
    )


def _lines(row: Row, commands: Commands) -> Iterator[list[cloudwatch.IWidget]]:
    """A heading, the graphs, and the commands."""
    yield [cloudwatch.TextWidget(markdown=f"## {row.name}", width=WIDTH, height=1)]
    yield [
        _failures(row),
        _once_a_day(row),
        _sizes(row),
        _durations(row),
        *([_recovery(row)] if row.drill else []),
    ]
    now = [f"# back up now\n{commands.back_up(row.name)}"]
    if row.drill:
        now.append(f"# run a drill now\n{commands.drill(row.name)}")
    text = "```\n" + "\n".join(now) + "\n```"
    yield [cloudwatch.TextWidget(markdown=text, width=WIDTH, height=3)]


def _failures(row: Row) -> cloudwatch.GraphWidget:
    """Lambda's own count, which is free; a drill that finds a bad backup also counts."""
    return cloudwatch.GraphWidget(
        title="Failed runs",
        left=[
            function.metric_errors(statistic="Sum", period=DAY, label=f"failed {job}s per day")
            for job, function in row.jobs.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=5,
        height=8,
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
        title="Status (updated daily)",
        metrics=[
            daily_metric(metric, row.name).with_(label=label) for metric, label in labels.items()
        ],
        width=5,
        height=8,
    )


def _sizes(row: Row) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="Backup size",
        left=[run_metric(ARCHIVE_BYTES, row.name).with_(label="archive, bytes")],
        right=[run_metric(ROWS, row.name).with_(label="rows")],
        width=5,
        height=8,
    )


def _durations(row: Row) -> cloudwatch.GraphWidget:
    settings = row.settings
    limits = {settings.backup.timeout_minutes: "backup"}
    if row.drill:
        same = settings.drill.timeout_minutes in limits
        limits[settings.drill.timeout_minutes] = "both" if same else "drill"
    return cloudwatch.GraphWidget(
        title="Run time and time limit",
        left=[_minutes(job, function) for job, function in row.jobs.items()],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=minutes, label=f"time limit of {which}", color=cloudwatch.Color.RED
            )
            for minutes, which in limits.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=5,
        height=8,
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
        title=f"RTO margin (RTO {minutes} min)",
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
        height=8,
    )
