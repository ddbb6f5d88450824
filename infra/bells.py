"""Every alarm of the stack: when it rings, and what it says to whom it wakes.

The monitor tells what is wrong with backups. These ring when the monitor or another function is
not able to, so they use nothing but CloudWatch's own figures and those in the functions' logs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.backup_function import BackupFunction
from infra.drill_function import DrillFunction
from infra.monitor_function import MonitorFunction
from lifeboat.errors import SettingsError
from lifeboat.policy.commands import Commands
from lifeboat.policy.schedule import longest_gap
from lifeboat.settings import MonitorSettings, Settings

NAMESPACE = "Lifeboat"
"""Of the metrics that the functions write into their logs."""

LONGEST_GAP = timedelta(hours=12)
"""Alarms look back over two of the monitor's gaps, and CloudWatch over a day at most."""

NEAR = 80
"""Percent of its time-out from which on a function is too slow: databases grow."""

RUN = Duration.hours(1)
"""Lambda dates its figures back to the start of a run, which may be 15 minutes ago when they
arrive: an alarm that looks back over less may never see them.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html
"""

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)

_BREACHING = cloudwatch.TreatMissingData.BREACHING
_NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING


@dataclass(frozen=True, kw_only=True)
class Bell:
    """One alarm.

    By default it stays as it is while nothing is reported: between two runs of a function there is
    no figure, and what the last one said is still true.
    """

    what: str
    """Is wrong: part of the alarm's name."""

    metric: cloudwatch.Metric
    limit: float = 0
    """It rings when the figure is above that; with `below`, when it is below."""

    below: bool = False
    periods: int = 1
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.IGNORE
    happened: str
    safe: str
    todo: str


def gap_of(monitor: MonitorSettings) -> timedelta:
    """The longest time between two looks of the monitor.

    Raises:
        SettingsError: it is too long, or there are no two looks.
    """
    # The day matters only for a cron that names years.
    gap = longest_gap(monitor.cron, datetime.now(UTC).date(), 366)
    if gap is None or gap > LONGEST_GAP:
        found = f"{gap / _HOUR:g} hours pass between two looks" if gap else "it never looks twice"
        raise SettingsError(
            f"With lifeboat.monitor.cron '{monitor.cron}' {found}. Nobody would miss it in time "
            f"unless it looks at least every {LONGEST_GAP // _HOUR} hours.",
            todo="Let it look more often, such as every hour: '15 * * * ? *'.",
        )
    return gap


def in_a_look(monitor: MonitorSettings, name: str, database: str) -> cloudwatch.Metric:
    """The newest value of what the monitor reports about a database at each look.

    Its period is two gaps: in one alone, a look that comes a minute late would be absent.
    """
    return _of_database(name, database, period=Duration.minutes(_minutes(2 * gap_of(monitor))))


def in_a_run(name: str, database: str) -> cloudwatch.Metric:
    """What a backup or a drill of a database reports about itself."""
    return _of_database(name, database, period=RUN)


def monitor_bells(
    settings: Settings, monitor: MonitorFunction, commands: Commands
) -> Iterator[Bell]:
    """The monitor no longer looks, or its looks fail."""
    gap = gap_of(settings.monitor)
    # Four short periods in place of one long: CloudWatch looks back over some more periods for a
    # figure before it believes that there is none.
    half = max(1, _minutes(gap / 2))
    look = commands.status()
    yield Bell(
        what="monitor-silent",
        metric=cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name="Checked",
            statistic="Sum",
            period=Duration.minutes(half),
        ),
        limit=1,
        below=True,
        periods=ceil(2 * gap / (half * _MINUTE)),
        missing=_BREACHING,
        happened="The monitor has not completed a look for two of its turns: nobody is watching.",
        safe="Backups and drills run without it; what exists stays.",
        todo=f"Look now:\n{look}\nThen see that schedule {monitor.name} exists and is enabled. "
        "If all of it is gone: docs/runbooks/lifeboat-is-gone.md",
    )
    yield Bell(
        what="monitor-error",
        metric=monitor.function.metric_errors(statistic="Sum", period=RUN),
        happened="A look of the monitor failed, so it may not have told what is wrong.",
        safe="Backups and drills run without it; what exists stays.",
        todo=f"Look now, the answer says what is wrong:\n{look}\nThe log:\n"
        f"aws logs tail /aws/lambda/{monitor.name} --since 2d",
    )


def queue_bell(queue: sqs.Queue) -> Bell:
    """A run could not be started."""
    return Bell(
        what="undelivered",
        metric=queue.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=Duration.minutes(5)
        ),
        # A queue that nobody has used for hours reports nothing.
        missing=_NOT_BREACHING,
        happened="EventBridge Scheduler could not start a run, not even by trying for hours.",
        safe="What exists stays; the next scheduled run is tried again.",
        todo="Read what was not delivered, and why:\n"
        f"aws sqs receive-message --queue-url {queue.queue_url} --message-attribute-names All\n"
        f"Start it by hand, then:\naws sqs purge-queue --queue-url {queue.queue_url}",
    )


def backup_bells(settings: Settings, backup: BackupFunction, commands: Commands) -> Iterator[Bell]:
    """A database has no fresh backup, a backup failed, or it nearly takes too long."""
    database, limit = settings.databases[0].name, settings.monitor.max_age_hours
    minutes = settings.backup.timeout_minutes
    again, log = commands.back_up(database), commands.log("backup", database)
    yield Bell(
        what="backup-too-old",
        metric=in_a_look(settings.monitor, "BackupAge", database),
        limit=limit,
        missing=_BREACHING,
        happened=f"{database} has no backup of the last {limit} hours, or its age is unknown.",
        safe="Older backups stay to the end of their tier.",
        todo=f"Back up now:\n{again}\nThe log of what went wrong:\n{log}",
    )
    yield Bell(
        what="backup-failed",
        metric=backup.function.metric_errors(statistic="Sum", period=RUN),
        happened=f"A backup of {database} failed; nothing of it was published.",
        safe="The database and its earlier backups are untouched.",
        todo=f"The log says why:\n{log}\nThen, unless it has repeated itself:\n{again}",
    )
    complete = "That backup is complete, unless backup-failed rings as well."
    yield _slow("backup-slow", backup.function, database, minutes, safe=complete)


def drill_bells(settings: Settings, drill: DrillFunction, commands: Commands) -> Iterator[Bell]:
    """A backup was found not to restore, a drill could not tell, or nearly takes too long."""
    database, minutes = settings.databases[0].name, settings.drill.timeout_minutes
    again, log = commands.drill(database), commands.log("drill", database)
    yield Bell(
        what="drill-failed",
        metric=in_a_run("DrillFailed", database),
        happened=f"A backup of {database} did not come back as it should in a trial restore.",
        safe="The database and its backups are untouched; which one it was is in the report.",
        todo=f"Read the report below drills/{database}/ in the vault. Then take a backup, and try "
        f"that one:\n{again}",
    )
    yield Bell(
        what="drill-error",
        metric=drill.function.metric_errors(statistic="Sum", period=RUN),
        happened=f"A drill of {database} failed, or ended without a verdict.",
        safe="The database and its backups are untouched.",
        todo=f"The log says why:\n{log}\nThen:\n{again}",
    )
    stands = "Its verdict stands, unless drill-error rings as well."
    yield _slow("drill-slow", drill.function, database, minutes, safe=stands)


def _of_database(name: str, database: str, *, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Database": database},
        statistic="Maximum",
        period=period,
    )


def _minutes(time: timedelta) -> int:
    """CloudWatch counts in whole minutes."""
    return ceil(time / _MINUTE)


def _slow(what: str, function: lambda_.Function, database: str, minutes: int, *, safe: str) -> Bell:
    job = what.removesuffix("-slow")
    longer = "" if minutes >= 15 else f" or raise lifeboat.{job}.timeout_minutes (15 at most)"  # noqa: PLR2004
    return Bell(
        what=what,
        metric=function.metric_duration(statistic="Maximum", period=RUN),
        limit=minutes * 60_000 * NEAR // 100,  # Lambda reports milliseconds
        happened=f"A {job} of {database} took more than {NEAR} % of the {minutes} minutes it has.",
        safe=safe,
        todo=f"Raise lifeboat.{job}.memory_mb, which brings CPU{longer}, in cdk.json; make deploy",
    )
