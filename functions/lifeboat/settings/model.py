"""The settings as immutable models; `fields` has the types of single values."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from lifeboat.errors import EventError
from lifeboat.model.aws import Architecture, ObjectLock
from lifeboat.model.drill_target import NEON_BRANCH, DrillTargetKind
from lifeboat.model.engine import EngineChoice
from lifeboat.model.source_branch import SourceKind
from lifeboat.model.tiers import Tier
from lifeboat.settings.drill import DrillSettings
from lifeboat.settings.fields import (
    NON_EMPTY,
    Compression,
    Cron,
    DatabaseName,
    Encryption,
    KeyArn,
    SettingsModel,
    Switch,
    TableNames,
    ZoneName,
    expected_error,
    expects,
    int_range,
    is_deployed,
    unique,
)
from lifeboat.settings.function_size import FunctionSize
from lifeboat.settings.job import JobSettings, Work, sized
from lifeboat.settings.neon import (
    BrokeredDatabase,
    BrokerSettings,
    NeonDatabase,
    NeonRestoreSettings,
    NeonSettings,
    ProviderSettings,
    WatchedNeon,
)
from lifeboat.settings.network import NetworkSettings
from lifeboat.settings.restore import RestoreSettings
from lifeboat.settings.retention import Retention
from lifeboat.settings.secret_arns import SecretArn
from lifeboat.settings.size import MAX_DATABASES, too_many_jobs
from lifeboat.settings.transfer import TransferPlan
from lifeboat.settings.validation import ValidationQuery, unique_names
from lifeboat.settings.watch import AlertSettings, MonitorSettings


class WatchedDatabase(SettingsModel):
    """What the monitor needs to know about a database."""

    name: DatabaseName
    """Its name in object keys, function names and alarms; unique."""

    cron: Cron = "0 2 * * ? *"
    """When its backups start: the fields of an AWS cron expression, in `timezone`."""

    timezone: ZoneName = "UTC"
    """IANA time zone of `cron`. A run's day in this zone decides its tier."""

    transfer: TransferPlan = None
    """What the provider's plan includes per month; None: its smallest plan, if it is known."""

    neon: WatchedNeon | None = None
    """Where it is in Neon; None: Neon is not asked about it."""

    engine: Annotated[EngineChoice, expects("'auto', 'function' or 'job'")] = "auto"
    """Where its runs run: in a function as long as they fit into it and else as a job of AWS
    CodeBuild (auto), always in a function, or always as a job."""

    source: Annotated[SourceKind, expects("'database' or 'branch'")] = "database"
    """What its backups read: the database itself, or a branch in Neon that each run makes and
    deletes."""

    drill_target: Annotated[DrillTargetKind, expects("'embedded' or 'neon-branch'")] = "embedded"
    """Where its drills restore: into a temporary server of their own, or into an empty branch in
    Neon, which has Neon's extensions, and which each drill makes and deletes."""

    @property
    def has_jobs(self) -> bool:
        """Whether its runs may be jobs, for which the stack then has projects."""
        return self.engine != "function"


class DatabaseSettings(WatchedDatabase):
    """One database to back up."""

    secret_arn: SecretArn
    """Full ARN of the Secrets Manager secret or the SSM SecureString with the connection: a URL,
    {"url": ...} or the RDS JSON form."""

    secret_key_arn: Annotated[KeyArn | None, expects("the ARN of a KMS key")] = None
    """The secret's KMS key if it is one of your own; None for the default, AWS's own."""

    neon: Annotated[
        NeonSettings | None, expects("null, or an object with project_id and api_key_secret_arn")
    ] = None
    """Where it is in Neon, and the secret of a key to ask Neon; None: Neon is not asked."""

    exclude_table_data: TableNames = ()
    """Tables (exact schema.table) whose definition is backed up, but not their rows."""

    validation: Annotated[
        tuple[
            Annotated[ValidationQuery, expects("an object with name, sql and expect")],
            ...,
        ],
        AfterValidator(unique_names),
        expects("a list of objects with name, sql and expect"),
    ] = ()
    """Queries that each drill runs in the restored copy, with their expected results."""

    def uses_branches(self, drill: DrillSettings) -> bool:
        """Whether its runs use branches in Neon.

        Args:
            drill: how drills are run.
        """
        drilled = drill.enabled and self.drill_target == NEON_BRANCH
        return self.source == "branch" or drilled

    def watched(self) -> WatchedDatabase:
        """What the monitor needs to know about it: no secret."""
        shared = {key: getattr(self, key) for key in WatchedDatabase.model_fields}
        return WatchedDatabase(**shared | {"neon": self.neon and self.neon.watched()})


class BackupSettings(FunctionSize):
    """How a backup is taken: the function's size and pg_dump's options.

    A backup is not stored in /tmp, so Lambda's minimum is enough. Memory doesn't grow with the
    database, but with its largest row: two to three times its size (`settings/row_memory.py`).
    """

    lock_wait_seconds: Annotated[int, *int_range(1, 600, "seconds")] = 30
    """Seconds to wait for a table's lock that another session holds."""

    compression: Compression = "zstd:1"
    """pg_dump's --compress. Servers before 16 do not know zstd; they get gzip:1 instead."""


def _object_of(model: type[SettingsModel]) -> object:
    """The expectation of an object with that model's keys."""
    return expects(f"an object with any of {', '.join(model.model_fields)}")


class _CommonSettings(SettingsModel):
    """Settings that both the stack and the monitor use."""

    databases: tuple[WatchedDatabase, ...]
    """The databases to back up."""

    retention: Annotated[Retention, expects("an object with daily, weekly, monthly and manual")] = (
        Retention()
    )
    """How long the backups of each tier are kept."""

    encryption: Encryption = "S3"
    """"S3" for keys that S3 manages, or the ARN of a KMS key of the stack's account and region."""

    object_lock: Annotated[ObjectLock, expects("'governance', 'compliance' or 'off'")] = (
        "governance"
    )
    """Who may delete backups early: people with a special right (governance), nobody until the
    lock ends (compliance), or whoever may delete objects (off)."""

    architecture: Annotated[Architecture, expects("'arm64' or 'x86_64'")] = "arm64"
    """Processor of the functions; arm64 is cheaper."""

    backup: Annotated[BackupSettings, _object_of(BackupSettings)] = BackupSettings()
    """How a backup is taken."""

    drill: Annotated[DrillSettings, _object_of(DrillSettings)] = DrillSettings()
    """How drills restore backups."""

    job: Annotated[JobSettings, _object_of(JobSettings)] = JobSettings()
    """The machines of runs that don't fit into a function."""

    monitor: Annotated[MonitorSettings, _object_of(MonitorSettings)] = MonitorSettings()
    """When the bucket is checked, and the limits."""

    alerts: Annotated[AlertSettings, _object_of(AlertSettings)] = AlertSettings()
    """Who is notified."""

    dashboard: Switch = True
    """Whether there is a dashboard, with the metrics that only it shows."""

    @property
    def kms_key(self) -> str | None:
        """The ARN of the KMS key that encrypts backups; None for keys that S3 manages."""
        return None if self.encryption == "S3" else self.encryption

    def lock_days(self, tier: Tier) -> int | None:
        """Days of Object Lock for new backups of `tier`; None if Object Lock is off."""
        return None if self.object_lock == "off" else self.retention.of(tier).lock_days


class WatchedSettings(_CommonSettings):
    """The settings of the monitor; their only secret is that of the webhook."""

    restorable: Switch = True
    """Whether there is a restore function, and a server that it may restore into."""

    export_days: int = RestoreSettings().export_days
    """Days that an exported SQL file is kept in the bucket."""


class Settings(_CommonSettings):
    """All settings of an installation."""

    databases: Annotated[
        tuple[
            Annotated[
                DatabaseSettings, expects("an object with name, secret_arn and optional keys")
            ],
            ...,
        ],
        Field(max_length=MAX_DATABASES),
        NON_EMPTY,
        expects(
            f"a list of 1 to {MAX_DATABASES} databases, in lifeboat.toml each below a line "
            "[[databases]]; more of them go into a second stack, with settings of its own: "
            "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'"
        ),
    ]
    """The databases to back up, each with its own functions and schedules."""

    former_encryption_keys: Annotated[
        tuple[KeyArn, ...], unique("key"), expects("a list of ARNs of KMS keys")
    ] = ()
    """Keys that `encryption` named before. Older backups can be read only with them, so the
    functions keep the right to decrypt with them."""

    restore: Annotated[RestoreSettings, _object_of(RestoreSettings)] = RestoreSettings()
    """How backups are restored."""

    network: Annotated[
        NetworkSettings | None,
        expects(
            "null, or an object with vpc_id, availability_zones, subnet_ids and security_group_ids"
        ),
    ] = None
    """Where the functions run if databases are private; None: outside any VPC."""

    def of_database(self, name: str) -> Self:
        """The same settings with that database only.

        Raises:
            EventError: there is no database with that name; the known ones are listed.
        """
        chosen = tuple(database for database in self.databases if database.name == name)
        if not chosen:
            known = ", ".join(database.name for database in self.databases)
            raise EventError(
                f"There is no database called {name!r} in the settings.",
                todo=f"Use one of: {known}. Databases are added in lifeboat.toml,"
                " then `make deploy`.",
            )
        return self.model_copy(update={"databases": chosen})

    def for_job(self, work: Work, *, own_server: bool = False) -> Self:
        """The settings of a run that is a job: its machine's size in the place of the function's.

        Args:
            work: what runs.
            own_server: see `sized`.
        """
        machine, hours = self.job.machine(work, self.architecture), self.job.timeout_hours
        size = sized(getattr(self, work), machine, hours, own_server=own_server)
        return self.model_copy(update={work: size})

    def watched(self) -> WatchedSettings:
        """The settings of the monitor."""
        no_targets = {"target_secret_arns": (), "target_secret_key_arns": ()}
        return WatchedSettings(
            databases=tuple(each.watched() for each in self.databases),
            retention=self.retention,
            encryption=self.encryption,
            object_lock=self.object_lock,
            architecture=self.architecture,
            backup=self.backup,
            drill=self.drill.model_copy(update=no_targets),
            job=self.job,
            monitor=self.monitor,
            alerts=self.alerts,
            restorable=self.restore.is_possible,
            export_days=self.restore.export_days,
            dashboard=self.dashboard,
        )

    def at_broker(self) -> BrokerSettings:
        """The settings of the function that makes branches in Neon."""
        used = (each for each in self.databases if each.uses_branches(self.drill))
        return BrokerSettings(
            databases=tuple(
                BrokeredDatabase(
                    name=each.name,
                    neon=each.neon,
                    secret_arn=each.secret_arn if each.source == "branch" else None,
                    secret_key_arn=each.secret_key_arn if each.source == "branch" else None,
                    drills=self.drill.enabled and each.drill_target == NEON_BRANCH,
                )
                for each in used
                if each.neon
            ),
            job_hours=self.job.timeout_hours,
        )

    def at_providers(self) -> ProviderSettings:
        """The settings of the function that asks providers about databases."""
        asked = (each for each in self.databases if each.neon)
        return ProviderSettings(
            databases=tuple(NeonDatabase(name=each.name, neon=each.neon) for each in asked),
            encryption=self.encryption,
        )

    def at_neon_restore(self) -> NeonRestoreSettings:
        """The settings of the function that restores by Neon."""
        allowed = (each for each in self.databases if each.neon and each.neon.restore)
        return NeonRestoreSettings(
            databases=tuple(NeonDatabase(name=each.name, neon=each.neon) for each in allowed),
            encryption=self.encryption,
            object_lock=self.object_lock,
            alerts=self.alerts,
        )

    @field_validator("databases")
    @classmethod
    def _unique_names(cls, databases: tuple[DatabaseSettings, ...]) -> tuple[DatabaseSettings, ...]:
        names = [database.name for database in databases]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise expected_error(
                f"a list in which each name is used once, unlike {', '.join(twice)}"
            )
        return databases

    @field_validator("databases")
    @classmethod
    def _fit_into_a_stack(
        cls, databases: tuple[DatabaseSettings, ...]
    ) -> tuple[DatabaseSettings, ...]:
        if excess := too_many_jobs(databases):
            raise expected_error(
                f"a list in which {excess} more of the {len(databases)} databases have engine ="
                ' "function", as fits small ones: CloudFormation allows 500 resources in a stack.'
                " Or a second stack for some, with settings of its own: "
                "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'"
            )
        return databases

    @field_validator("databases")
    @classmethod
    def _branches_are_in_neon(
        cls, databases: tuple[DatabaseSettings, ...], info: ValidationInfo
    ) -> tuple[DatabaseSettings, ...]:
        """At synth only: a backup's function does not know where in Neon its database is."""
        for name, value in {"source": "branch", "drill_target": NEON_BRANCH}.items():
            using = (each for each in databases if getattr(each, name) == value)
            lost = [each.name for each in using if not each.neon]
            if lost and is_deployed(info):
                raise expected_error(
                    f'a list in which each database with {name} = "{value}" has a table'
                    f" [databases.neon], unlike {', '.join(lost)}"
                )
        return databases

    @field_validator("drill")
    @classmethod
    def _no_target_is_a_source(cls, drill: DrillSettings, info: ValidationInfo) -> DrillSettings:
        databases: tuple[DatabaseSettings, ...] = info.data.get("databases", ())
        sources = {database.secret_arn: database.name for database in databases}
        for arn in drill.target_secret_arns:
            if arn in sources:
                raise expected_error(
                    f"an object whose target_secret_arns do not hold the secret of "
                    f"{sources[arn]}: a drill never restores into the server it protects"
                )
        return drill

    @field_validator("job")
    @classmethod
    def _ends_before_its_lock(cls, job: JobSettings, info: ValidationInfo) -> JobSettings:
        """A backup's lock counts from the start of its run, and S3 takes none that has ended."""
        databases: tuple[DatabaseSettings, ...] = info.data.get("databases", ())
        retention: Retention | None = info.data.get("retention")
        if retention is None or info.data.get("object_lock") == "off":
            return job
        shortest = min(retention.of(tier).lock_days for tier in Tier)
        if any(each.has_jobs for each in databases) and job.timeout_hours >= shortest * 24:
            raise expected_error(
                f"an object whose timeout_hours is below {shortest * 24}: a tier's backups are"
                f" locked for {shortest} {'day' if shortest == 1 else 'days'}, counted from the"
                " start of the run, and that lock must not end before the run"
            )
        return job
