"""CloudWatch's alarms: for failures that no function can report.

The functions report their own failures, and the monitor reports what is wrong with backups, drills
and limits. These alarms notify when the monitor can't, or when a run was not started at all. There
are four for the whole stack, however many databases it has.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alerts import Alerts
from infra.metrics import RUN, gap_of, in_a_look, whole_minutes
from infra.monitor_function import MonitorFunction
from infra.names import alarm_name
from lifeboat.model.commands import Commands
from lifeboat.model.metrics import BACKUP_AGE
from lifeboat.settings import Settings

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One alarm.

    By default it stays as it is while nothing is reported: between two runs of a function there is
    no figure, and what the last one said is still true.
    """

    what: str
    """What is wrong: part of the alarm's name."""

    metric: cloudwatch.Metric
    limit: float = 0
    """It is in ALARM when the figure is above that; with `below`, when it is below."""

    below: bool = False
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.IGNORE
    silence: bool = False
    """Whether it notifies when figures no longer come (INSUFFICIENT_DATA)."""

    happened: str
    safe: str
    todo: str


class Alarms(Construct):
    """The alarms of the stack; they notify when something becomes wrong.

    None of them notifies when it is OK. A new alarm's state is INSUFFICIENT_DATA, so its first
    figure would send an OK about what never was wrong.

    Args:
        scope: parent construct.
        construct_id: its name there.
        rules: of each one.
        alerts: where to notify.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, rules: Iterable[Rule], alerts: Alerts
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarms = [self._alarm(rule, alerts) for rule in rules]

    def _alarm(self, rule: Rule, alerts: Alerts) -> cloudwatch.Alarm:
        stack = Stack.of(self)
        where = f"stack {stack.stack_name}, account {stack.account}, {stack.region}"
        alarm = cloudwatch.Alarm(
            self,
            rule.what,
            alarm_name=alarm_name(self, rule.what),
            alarm_description=(f"{rule.happened} ({where})\nSafe: {rule.safe}\nNext: {rule.todo}"),
            metric=rule.metric,
            threshold=rule.limit,
            comparison_operator=_BELOW if rule.below else _ABOVE,
            evaluation_periods=rule.periods,
            treat_missing_data=rule.missing,
        )
        notify = actions.SnsAction(alerts.topic)
        alarm.add_alarm_action(notify)
        if rule.silence:
            alarm.add_insufficient_data_action(notify)
        return alarm


def rules_of(
    settings: Settings, monitor: MonitorFunction, queue: sqs.Queue, commands: Commands
) -> Iterator[Rule]:
    """All of the stack's.

    Args:
        settings: the monitor's schedule, and how old a backup may be.
        monitor: the function that the alarms watch.
        queue: of runs that could not be started.
        commands: for the descriptions.
    """
    yield from _of_the_monitor(settings, monitor, commands)
    yield _of_the_queue(queue)
    yield _of_backups(settings, commands)


def _of_the_monitor(
    settings: Settings, monitor: MonitorFunction, commands: Commands
) -> Iterator[Rule]:
    """The monitor is not started any more, or its checks fail.

    Lambda never reports zero invocations, so a stopped monitor shows as missing data. A new alarm
    has no data either, but notifies only of changes: `infra.first_look`, which ends a deployment,
    finds a monitor that never ran.
    """
    gap = gap_of(settings.monitor)
    # Four short periods in place of one long: CloudWatch looks back over some more periods for a
    # figure before it believes that there is none.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    half = max(1, whole_minutes(gap / 2))
    check = commands.status()
    yield Rule(
        what="monitor-heartbeat",
        metric=monitor.function.metric_invocations(statistic="Sum", period=Duration.minutes(half)),
        limit=1,
        below=True,
        periods=ceil(2 * gap / timedelta(minutes=half)),
        missing=cloudwatch.TreatMissingData.MISSING,
        silence=True,
        happened="The monitor was not started for two intervals: nothing checks the backups.",
        safe="Backups and drills run without it; existing backups are not affected.",
        todo=f"Run a check now:\n{check}\nThen see that schedule {monitor.name} exists and is "
        "enabled. If the whole stack is gone: docs/runbooks/lifeboat-is-gone.md",
    )
    yield Rule(
        what="monitor-error",
        metric=monitor.function.metric_errors(statistic="Sum", period=RUN),
        happened="A check of the monitor failed, so its notifications may be missing.",
        safe="Backups and drills run without it; existing backups are not affected.",
        todo=f"Run a check now; its answer says what failed:\n{check}\nRead the log:\n"
        f"{commands.function_log(monitor.name)}",
    )


def _of_the_queue(queue: sqs.Queue) -> Rule:
    """A run could not be started."""
    return Rule(
        what="schedule-dead-letters",
        metric=queue.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=Duration.minutes(5)
        ),
        # A queue that nobody has used for hours reports nothing.
        missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        happened="EventBridge Scheduler could not start a run, though it retried for hours.",
        safe="Existing backups are not affected. The next scheduled run is tried as usual.",
        todo="Show which run was not started, and why:\n"
        f"aws sqs receive-message --queue-url {queue.queue_url} --message-attribute-names All\n"
        f"Start that run yourself, then:\naws sqs purge-queue --queue-url {queue.queue_url}",
    )


def _of_backups(settings: Settings, commands: Commands) -> Rule:
    """A database has no fresh backup: a second way to notify, should the monitor's own fail."""
    limit = settings.monitor.max_age_hours
    return Rule(
        what="backup-too-old",
        metric=in_a_look(settings.monitor, BACKUP_AGE),
        limit=limit,
        happened=f"A database has had no backup for more than {limit} hours.",
        safe="Older backups are kept until they expire.",
        todo=f"Show which database it is, and what to do:\n{commands.status()}",
    )
