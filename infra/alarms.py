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
from infra.metrics import RUN, monitor_interval, monitor_metric, whole_minutes
from infra.monitor_function import MonitorFunction
from infra.names import alarm_name
from lifeboat.model.commands import Commands
from lifeboat.model.metrics import BACKUP_AGE
from lifeboat.settings import Settings

_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """The definition of one alarm.

    By default it keeps its state while there is no data: between two runs of a function there is
    none, and the last value still applies.
    """

    what: str
    """What is wrong: part of the alarm's name."""

    metric: cloudwatch.Metric
    limit: float = 0
    """It is in ALARM if the metric is above this; with `below`, if it is below."""

    below: bool = False
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.IGNORE
    silence: bool = False
    """Whether it notifies when data stops (INSUFFICIENT_DATA)."""

    happened: str
    safe: str
    todo: str


class Alarms(Construct):
    """The alarms of the stack; they notify when something becomes wrong.

    None of them notifies when it is OK. A new alarm's state is INSUFFICIENT_DATA, so its first
    value would send an OK although nothing was wrong.

    Args:
        scope: parent construct.
        construct_id: its name there.
        specs: one for each alarm.
        alerts: where to notify.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, specs: Iterable[AlarmSpec], alerts: Alerts
    ) -> None:
        super().__init__(scope, construct_id)
        self.alarms = [self._alarm(spec, alerts) for spec in specs]

    def _alarm(self, spec: AlarmSpec, alerts: Alerts) -> cloudwatch.Alarm:
        stack = Stack.of(self)
        where = f"stack {stack.stack_name}, account {stack.account}, {stack.region}"
        alarm = cloudwatch.Alarm(
            self,
            spec.what,
            alarm_name=alarm_name(self, spec.what),
            alarm_description=(f"{spec.happened} ({where})\nSafe: {spec.safe}\nNext: {spec.todo}"),
            metric=spec.metric,
            threshold=spec.limit,
            comparison_operator=_BELOW if spec.below else _ABOVE,
            evaluation_periods=spec.periods,
            treat_missing_data=spec.missing,
        )
        notify = actions.SnsAction(alerts.topic)
        alarm.add_alarm_action(notify)
        if spec.silence:
            alarm.add_insufficient_data_action(notify)
        return alarm


def alarm_specs(
    settings: Settings, monitor: MonitorFunction, queue: sqs.Queue, commands: Commands
) -> Iterator[AlarmSpec]:
    """The definitions of the stack's alarms.

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
) -> Iterator[AlarmSpec]:
    """The monitor is not started any more, or its checks fail.

    Lambda never reports zero invocations, so a stopped monitor shows as missing data. A new alarm
    has no data either, but notifies only of changes: `infra.first_check`, which ends a deployment,
    finds a monitor that never ran.
    """
    interval = monitor_interval(settings.monitor)
    # Four short periods instead of one long: CloudWatch looks back over some more periods for
    # data before it reports that there is none.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    half = max(1, whole_minutes(interval / 2))
    check = commands.status()
    yield AlarmSpec(
        what="monitor-heartbeat",
        metric=monitor.function.metric_invocations(statistic="Sum", period=Duration.minutes(half)),
        limit=1,
        below=True,
        periods=ceil(2 * interval / timedelta(minutes=half)),
        missing=cloudwatch.TreatMissingData.MISSING,
        silence=True,
        happened="The monitor was not started for two intervals: nothing checks the backups.",
        safe="Backups and drills run without it; existing backups are not affected.",
        todo=f"Run a check now:\n{check}\nThen see that schedule {monitor.name} exists and is "
        "enabled. If the whole stack is gone: docs/runbooks/lifeboat-is-gone.md",
    )
    yield AlarmSpec(
        what="monitor-error",
        metric=monitor.function.metric_errors(statistic="Sum", period=RUN),
        happened="A check of the monitor failed, so its notifications may be missing.",
        safe="Backups and drills run without it; existing backups are not affected.",
        todo=f"Run a check now; its answer says what failed:\n{check}\nRead the log:\n"
        f"{commands.function_log(monitor.name)}",
    )


def _of_the_queue(queue: sqs.Queue) -> AlarmSpec:
    """A run could not be started."""
    return AlarmSpec(
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


def _of_backups(settings: Settings, commands: Commands) -> AlarmSpec:
    """A database has no recent backup: a second way to notify, if the monitor's own fails."""
    limit = settings.monitor.max_age_hours
    return AlarmSpec(
        what="backup-too-old",
        metric=monitor_metric(settings.monitor, BACKUP_AGE),
        limit=limit,
        happened=f"A database has had no backup for more than {limit} hours.",
        safe="Older backups are kept until they expire.",
        todo=f"Show which database it is, and what to do:\n{commands.status()}",
    )
