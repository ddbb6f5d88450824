"""The Lifeboat stack: the bucket, a backup and a drill for each database, and the monitor."""

from dataclasses import dataclass, replace
from pathlib import Path

from aws_cdk import (
    Acknowledgment,
    CfnOutput,
    Duration,
    Environment,
    RemovalPolicy,
    Stack,
    Validations,
)
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms, alarm_specs
from infra.alerts import Alerts
from infra.backup_bucket import BackupBucket
from infra.backup_function import BackupFunction
from infra.dashboard import Dashboard, Row
from infra.drill_function import DrillFunction
from infra.function import ARCHITECTURES
from infra.job_failures import JobFailures
from infra.job_project import JobSources
from infra.monitor_function import MonitorFunction
from infra.names import output_name
from infra.neon_broker_function import NeonBrokerFunction
from infra.neon_restore_function import NeonRestoreFunction
from infra.neon_watch_function import NEON_WATCH_CRON, NeonWatchFunction
from infra.restore_function import RestoreFunction
from infra.schedule import SCHEDULED_TIME, Schedule, ScheduleSpec
from infra.shared_resources import SharedResources, as_asset, as_source
from lifeboat.model.commands import Commands
from lifeboat.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Directories that become the functions' code and layers."""

    code: Path
    """The functions' own code; its root becomes /var/task."""

    client: Path
    """A layer, as the others: its root becomes /opt. PostgreSQL's client programs, for backups."""

    server: Path
    """PostgreSQL's servers with their programs, for drills."""

    python: Path
    """The functions' dependencies."""


class LifeboatStack(Stack):
    """Everything that runs in the account.

    Args:
        scope: the app.
        construct_id: name of the stack, with which the names of its functions and alarms begin.
        settings: what to back up, how and for how long, and whom to notify.
        contents: what the functions consist of.
        env: account and region, where they are known.

    Raises:
        SettingsError: names or settings are too long for the functions that get them, or the
            monitor runs too rarely.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        contents: Contents,
        env: Environment | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            # One `cdk destroy` would remove the monitor and its alarms without a notification.
            termination_protection=True,
            description="Lifeboat: PostgreSQL backups that are proven by restoring them",
            # CloudFormation takes a megabyte, of which most would be spaces.
            suppress_template_indentation=True,
        )
        # Its logical id has this: with another one, CloudFormation would make a second bucket.
        self.bucket = BackupBucket(self, "Vault", settings=settings)
        self.alerts = Alerts(self, "Alerts", settings=settings.alerts)
        self.dead_letters = _dead_letters(self)
        self._commands = Commands(
            bucket_name=self.bucket.s3_bucket.bucket_name, stack=self.stack_name, region=self.region
        )
        python = _layer(self, "PythonLayer", content=contents.python, settings=settings)
        client = _layer(self, "PostgresLayer", content=contents.client, settings=settings)
        server = _layer(self, "ServerLayer", content=contents.server, settings=settings)
        shared = SharedResources(
            bucket=self.bucket,
            alerts=self.alerts,
            code=contents.code,
            layers=[python],
            architecture=settings.architecture,
            network=settings.network,
        )
        self._for_backups = replace(shared, layers=[client, python])
        self._for_drills = replace(shared, layers=[server, python])
        has_jobs = any(each.has_jobs for each in settings.databases)
        self._job_sources = _job_sources(self, contents) if has_jobs else {}
        self._databases = [each.name for each in settings.databases]
        self._spread = len(settings.databases) > 1
        CfnOutput(self, "BackupBucketName", value=self.bucket.s3_bucket.bucket_name)
        CfnOutput(self, "TopicArn", value=self.alerts.topic.topic_arn)
        monitor = self._monitor(settings, shared)
        if has_jobs:
            JobFailures(self, "JobFailures", monitor=monitor.function)
        if settings.at_providers().databases:
            self._neon_watch(settings, shared)
        if settings.at_neon_restore().databases:
            self._neon_restore(settings)
        self._broker = (
            NeonBrokerFunction(self, "NeonBroker", settings=settings, shared=shared)
            if settings.at_broker().databases
            else None
        )
        if settings.restore.enabled:
            self._restore(settings)
        rows = [self._protect(settings.of_database(each.name)) for each in settings.databases]
        specs = alarm_specs(settings, monitor, self.dead_letters, self._commands)
        alarms = Alarms(self, "Alarms", specs=specs, alerts=self.alerts).alarms
        if settings.dashboard:
            Dashboard(
                self,
                "Overview",
                settings=settings,
                alarms=alarms,
                monitor=monitor.function,
                rows=rows,
            )

    def _protect(self, settings: Settings) -> Row:
        """Backups and drills of the one database in these settings."""
        database = settings.databases[0]
        scope = Construct(self, f"Database-{database.name}")
        backup = BackupFunction(
            scope,
            "Backup",
            settings=settings,
            shared=self._for_backups,
            sources=self._job_sources.get("backup"),
            branches=self._broker.access("backup", database.name) if self._broker else None,
        )
        spec = ScheduleSpec(
            cron=database.cron,
            timezone=database.timezone,
            event={"database": database.name, "scheduled": SCHEDULED_TIME},
            purpose=f"when {database.name} is backed up",
            spread=self._spread,
        )
        self._start(scope, "Schedule", spec=spec, invoked=backup)
        self._output(scope, "BackupFunctionName", backup.name, database.name)
        self._output(scope, "BackupCommand", self._commands.back_up(database.name), database.name)
        drill = self._drill(scope, settings).function if settings.drill.enabled else None
        return Row(settings=settings, backup=backup.function, drill=drill)

    def _output(self, scope: Construct, what: str, value: str, database: str) -> None:
        """An output of a database, under a name that a person can read."""
        output = CfnOutput(scope, what, value=value)
        if name := output_name(what, database, self._databases):
            output.override_logical_id(name)

    def _drill(self, scope: Construct, settings: Settings) -> DrillFunction:
        database = settings.databases[0]
        drill = DrillFunction(
            scope,
            "Drill",
            settings=settings,
            shared=self._for_drills,
            sources=self._job_sources.get("drill"),
            branches=self._broker.access("drill", database.name) if self._broker else None,
        )
        spec = ScheduleSpec(
            cron=settings.drill.cron,
            timezone=database.timezone,
            event={"database": database.name},
            purpose=f"when a drill of {database.name} runs",
            spread=self._spread,
        )
        self._start(scope, "DrillSchedule", spec=spec, invoked=drill)
        self._output(scope, "DrillCommand", self._commands.drill(database.name), database.name)
        return drill

    def _restore(self, settings: Settings) -> None:
        """Without schedule and alarm: whoever asks for a restore reads its answer."""
        restore = RestoreFunction(
            self,
            "Restore",
            settings=settings,
            shared=self._for_backups,
            sources=self._job_sources.get("restore"),
        )
        event = {"action": "list", "database": settings.databases[0].name}
        CfnOutput(self, "RestoreCommand", value=self._commands.restore(event))
        CfnOutput(
            self,
            "RestoreInvokePolicy",
            value=f"lambda:InvokeFunction on {restore.function.function_arn}",
            description="What the IAM policy of a person who may restore has to allow",
        )

    def _monitor(self, settings: Settings, shared: SharedResources) -> MonitorFunction:
        monitor = MonitorFunction(self, "Monitor", settings=settings, shared=shared)
        spec = ScheduleSpec(
            cron=settings.monitor.cron,
            event={"scheduled": SCHEDULED_TIME},
            purpose="when the monitor checks the bucket",
        )
        self._start(self, "MonitorSchedule", spec=spec, invoked=monitor)
        CfnOutput(self, "StatusCommand", value=self._commands.status())
        return monitor

    def _neon_watch(self, settings: Settings, shared: SharedResources) -> None:
        watch = NeonWatchFunction(self, "NeonWatch", settings=settings, shared=shared)
        spec = ScheduleSpec(
            cron=NEON_WATCH_CRON,
            event={"scheduled": SCHEDULED_TIME},
            purpose="when Neon is asked about its databases",
        )
        self._start(self, "NeonWatchSchedule", spec=spec, invoked=watch)

    def _neon_restore(self, settings: Settings) -> None:
        """Without schedule and alarm, as other restores."""
        restore = NeonRestoreFunction(
            self, "NeonRestore", settings=settings, shared=self._for_backups
        )
        CfnOutput(
            self,
            "NeonRestoreInvokePolicy",
            value=f"lambda:InvokeFunction on {restore.function.function_arn}",
            description="What the IAM policy of a person who may restore by Neon has to allow",
        )

    def _start(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: ScheduleSpec,
        invoked: BackupFunction | DrillFunction | MonitorFunction | NeonWatchFunction,
    ) -> None:
        Schedule(
            scope,
            construct_id,
            name=invoked.name,
            spec=spec,
            function=invoked.function,
            dead_letters=self.dead_letters,
        )


def _job_sources(scope: Construct, contents: Contents) -> dict[str, JobSources]:
    """What the jobs of a work unpack, by work: what its functions have as code and layers."""
    place = Construct(scope, "JobSources")
    code = as_source(place, "Code", contents.code)
    python = as_source(place, "Python", contents.python)
    client = JobSources(
        code=code, python=python, postgres=as_source(place, "Client", contents.client)
    )
    server = JobSources(
        code=code, python=python, postgres=as_source(place, "Server", contents.server)
    )
    return {"backup": client, "drill": server, "restore": client}


def _layer(
    scope: Construct, construct_id: str, *, content: Path, settings: Settings
) -> lambda_.LayerVersion:
    return lambda_.LayerVersion(
        scope,
        construct_id,
        code=as_asset(content),
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[ARCHITECTURES[settings.architecture]],
        removal_policy=RemovalPolicy.DESTROY,
    )


def _dead_letters(scope: Construct) -> sqs.Queue:
    """The dead-letter queue of runs that EventBridge Scheduler could not start."""
    queue = sqs.Queue(
        scope,
        "DeadLetters",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    Validations.of(queue).acknowledge(
        Acknowledgment(id="AwsSolutions-SQS3", reason="This queue is itself the dead-letter queue.")
    )
    return queue
