"""One page for whoever is on call: is something wrong, with what, and what now?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.bells import in_a_look, in_a_run
from lifeboat.policy.commands import Commands
from lifeboat.settings import Settings

WIDTH = 24
"""Columns of a CloudWatch dashboard."""

MOST_IN_A_WIDGET = 100
"""Alarms that one widget can show.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

SHOWN = Duration.days(28)
"""Four weekly drills."""

RUNBOOKS = {
    "alarms": "an alarm rings, and its own words are not enough",
    "data-corruption": "data was changed or deleted by mistake",
    "partial-restore": "one table, or some rows, have to come back",
    "full-loss": "the whole database is gone",
    "neon-restore": "it is to come back at Neon",
    "archived-backup": "the backup that is needed lies in Glacier",
    "lifeboat-is-gone": "the stack, or its account, is gone",
    "rotate-secret": "a password has changed",
    "onboarding": "another database has to be backed up",
}
"""Files of docs/runbooks, the most urgent first, and when each is needed."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is shown of one database."""

    settings: Settings
    """With only that database."""

    alarms: Sequence[cloudwatch.IAlarm]


class Dashboard(Construct):
    """A dashboard of the stack's own name: all alarms and runbooks, then a row per database.

    Args:
        scope: parent construct.
        construct_id: its name there.
        alarms: of what all databases share.
        commands: what can be done by hand.
        rows: of the databases.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Sequence[cloudwatch.IAlarm],
        commands: Commands,
        rows: Sequence[Row],
    ) -> None:
        super().__init__(scope, construct_id)
        every = [*alarms, *(alarm for row in rows for alarm in row.alarms)]
        first, *others = [
            _alarms("Everything that can ring", each, width=14)
            for each in batched(every, MOST_IN_A_WIDGET, strict=False)
        ]
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=Stack.of(self).stack_name,
            default_interval=SHOWN,
            widgets=[
                [first, _help(commands)],
                *([other] for other in others),
                *(line for row in rows for line in _lines(row, commands)),
            ],
        )


def _alarms(
    title: str, alarms: Sequence[cloudwatch.IAlarm], *, width: int
) -> cloudwatch.AlarmStatusWidget:
    return cloudwatch.AlarmStatusWidget(
        title=title,
        alarms=list(alarms),
        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width=width,
        height=8,
    )


def _help(commands: Commands) -> cloudwatch.TextWidget:
    runbooks = "\n".join(f"| {when} | `{name}.md` |" for name, when in RUNBOOKS.items())
    return cloudwatch.TextWidget(
        markdown=(
            f"**In the project's `docs/runbooks/`**\n\n| when | read |\n|---|---|\n{runbooks}\n\n"
            f"Everything as a table:\n\n```\n{commands.status()}\n```"
        ),
        width=10,
        height=8,
    )


def _lines(row: Row, commands: Commands) -> Iterator[list[cloudwatch.IWidget]]:
    """A heading, the figures, and the commands to act."""
    name = row.settings.databases[0].name
    yield [cloudwatch.TextWidget(markdown=f"## {name}", width=WIDTH, height=1)]
    yield [
        _alarms("Alarms, the verdict of drills among them", row.alarms, width=6),
        _now(row.settings, name),
        _sizes(row.settings, name),
        _durations(row.settings, name),
        *([_recovery(row.settings, name)] if row.settings.drill.enabled else []),
    ]
    now = [f"# back up now\n{commands.back_up(name)}"]
    if row.settings.drill.enabled:
        now.append(f"# restore the newest backup for trial\n{commands.drill(name)}")
    text = "```\n" + "\n".join(now) + "\n```"
    yield [cloudwatch.TextWidget(markdown=text, width=WIDTH, height=3)]


def _now(settings: Settings, name: str) -> cloudwatch.SingleValueWidget:
    monitor = settings.monitor
    labels = {
        "BackupAge": f"newest backup, hours (at most {monitor.max_age_hours})",
        "FindingsCritical": "findings, critical",
        "FindingsWarning": "findings, warning",
        "MonthlyCost": "cost of storage, USD a month",
    }
    if settings.drill.enabled:
        labels["DrillAge"] = f"last drill, days (at most {monitor.max_drill_age_days})"
    return cloudwatch.SingleValueWidget(
        title="Now",
        metrics=[
            in_a_look(monitor, metric, name).with_(label=label) for metric, label in labels.items()
        ],
        width=5,
        height=8,
    )


def _sizes(settings: Settings, name: str) -> cloudwatch.GraphWidget:
    newest = settings.monitor
    return cloudwatch.GraphWidget(
        title="Size of the newest backup",
        left=[in_a_look(newest, "NewestArchiveBytes", name).with_(label="archive, bytes")],
        right=[in_a_look(newest, "NewestRows", name).with_(label="rows")],
        width=4,
        height=8,
    )


def _durations(settings: Settings, name: str) -> cloudwatch.GraphWidget:
    walls = {settings.backup.timeout_minutes: "backup"}
    jobs = {"Duration": "backup, seconds"}
    if settings.drill.enabled:
        same = settings.drill.timeout_minutes in walls
        walls[settings.drill.timeout_minutes] = "both" if same else "drill"
        jobs["DrillDuration"] = "drill, seconds"
    return cloudwatch.GraphWidget(
        title="Durations against the wall",
        left=[in_a_run(metric, name).with_(label=label) for metric, label in jobs.items()],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=minutes * 60, label=f"the end for {which}", color=cloudwatch.Color.RED
            )
            for minutes, which in walls.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
        width=5,
        height=8,
    )


def _recovery(settings: Settings, name: str) -> cloudwatch.GraphWidget:
    minutes = settings.drill.rto_minutes
    return cloudwatch.GraphWidget(
        title=f"Time left of {minutes} minutes to recover",
        left=[in_a_run("RtoMargin", name).with_(label="margin, seconds")],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(
                value=0,
                label="too late",
                color=cloudwatch.Color.RED,
                fill=cloudwatch.Shading.BELOW,
            )
        ],
        left_y_axis=cloudwatch.YAxisProps(max=minutes * 60, show_units=False),
        width=4,
        height=8,
    )
