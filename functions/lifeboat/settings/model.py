"""The settings as frozen models. What each single value may be is in `fields`."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from lifeboat.errors import EventError
from lifeboat.model.aws import Architecture, ObjectLock
from lifeboat.model.tiers import Tier
from lifeboat.settings.drill import DrillSettings
from lifeboat.settings.fields import (
    SOME,
    Compression,
    Cron,
    DatabaseName,
    Encryption,
    Frozen,
    KeyArn,
    Switch,
    TableNames,
    ZoneName,
    matching,
    may_be,
    once,
    refusal,
    whole_number,
)
from lifeboat.settings.function_size import FunctionSize
from lifeboat.settings.restore import RestoreSettings
from lifeboat.settings.retention import Retention
from lifeboat.settings.secret_arns import SecretArn
from lifeboat.settings.transfer import TransferPlan
from lifeboat.settings.validation import ValidationQuery, named_once
from lifeboat.settings.watch import AlertSettings, MonitorSettings

MAX_DATABASES = 36
"""CloudFormation takes 500 resources a stack. A database brings 12: functions, logs, roles, async
settings, schedules and schedules' roles, for backups and for drills. That is 432 for 36, and leaves
68 for what all of them share. The restore function's environment may be full before: it has room
for some 29 names and ARNs of usual length, and refuses what doesn't fit.
"""


class WatchedDatabase(Frozen):
    """What the monitor has to know of a database."""

    name: DatabaseName
    """How it is called in object keys, function names and alarms; unique."""

    cron: Cron = "0 2 * * ? *"
    """When its backups start: the fields of an AWS cron expression, in `timezone`."""

    timezone: ZoneName = "UTC"
    """IANA zone in which `cron` is read and in which a run's day decides its tier."""

    transfer: TransferPlan = None
    """What the provider's plan includes a month; None: judged by its smallest plan, if known."""


class DatabaseSettings(WatchedDatabase):
    """One database to be backed up."""

    secret_arn: SecretArn
    """Full ARN of the Secrets Manager secret or the SSM SecureString with the connection: a URL,
    {"url": ...} or the RDS JSON form.
    """

    secret_key_arn: Annotated[KeyArn | None, may_be("the ARN of a KMS key")] = None
    """The secret's KMS key if it is one of your own; None for the default, AWS's own."""

    exclude_table_data: TableNames = ()
    """Tables (exact schema.table) whose definition is backed up but whose rows are not."""

    validation: Annotated[
        tuple[
            Annotated[ValidationQuery, may_be("an object with name, sql and expect")],
            ...,
        ],
        AfterValidator(named_once),
        may_be("a list of objects with name, sql and expect"),
    ] = ()
    """Queries that each drill puts to the restored copy, with the answers they have to get."""


class NetworkSettings(Frozen):
    """Where the functions run when the databases are private.

    The subnets need a way to S3 and to where the secrets are: endpoints or a NAT. Logs, the metrics
    in them and word of failures are sent by Lambda itself.
    """

    vpc_id: Annotated[str, matching(r"vpc-[0-9a-f]+"), may_be("a vpc-... id")]
    """The VPC of the subnets."""

    availability_zones: Annotated[
        tuple[Annotated[str, matching(r"[a-z0-9-]+"), may_be("the name of a zone")], ...],
        SOME,
        may_be("a list of the subnets' availability zones, such as ['eu-central-1a']"),
    ]
    """The zones in which the subnets lie."""

    subnet_ids: Annotated[
        tuple[
            Annotated[str, matching(r"subnet-[0-9a-f]+"), may_be("a subnet-... id")],
            ...,
        ],
        SOME,
        may_be("a list of subnet ids"),
    ]
    """Private subnets in which the functions get their network interfaces."""

    security_group_ids: Annotated[
        tuple[
            Annotated[str, matching(r"sg-[0-9a-f]+"), may_be("an sg-... id")],
            ...,
        ],
        SOME,
        may_be("a list of security group ids"),
    ]
    """Security groups of the functions; the databases' groups have to let them in."""

    ipv6: Switch = False
    """Whether functions may reach IPv6 addresses, where the subnets are dual-stack."""


class BackupSettings(FunctionSize):
    """How one backup is taken: the function's size and pg_dump's choices.

    Nothing is staged in /tmp, so Lambda's minimum is enough.
    """

    lock_wait_seconds: Annotated[int, *whole_number(1, 600, "seconds")] = 30
    """Seconds to wait for a lock that someone else holds on a table before giving up."""

    compression: Compression = "zstd:1"
    """pg_dump's --compress; servers before 16 know no zstd and get gzip:1 in its place."""

    checksums: Switch = False
    """Also take an order-free checksum of every table's content, which reads each one again."""


def _object_of(model: type[Frozen]) -> object:
    """Words for whoever gave something else than an object with that model's keys."""
    return may_be(f"an object with any of {', '.join(model.model_fields)}")


class _JudgedSettings(Frozen):
    """What there is to choose, and to judge by."""

    databases: tuple[WatchedDatabase, ...]
    """The databases to be backed up."""

    retention: Annotated[Retention, may_be("an object with daily, weekly, monthly and manual")] = (
        Retention()
    )
    """How long the backups of each tier are kept."""

    encryption: Encryption = "S3"
    """"S3" for keys that S3 manages, or the ARN of a KMS key of the stack's account and region."""

    object_lock: Annotated[ObjectLock, may_be("'governance', 'compliance' or 'off'")] = "governance"
    """Whether S3 refuses to delete backups early: to all but whom an administrator names
    (governance), to everybody until the time is over (compliance), or not at all (off).
    """

    architecture: Annotated[Architecture, may_be("'arm64' or 'x86_64'")] = "arm64"
    """Processor of the functions; arm64 is the cheaper one."""

    backup: Annotated[BackupSettings, _object_of(BackupSettings)] = BackupSettings()
    """How a backup is taken."""

    drill: Annotated[DrillSettings, _object_of(DrillSettings)] = DrillSettings()
    """How backups are restored for trial."""

    monitor: Annotated[MonitorSettings, _object_of(MonitorSettings)] = MonitorSettings()
    """When the vault is looked at, and at which limits somebody is told."""

    alerts: Annotated[AlertSettings, _object_of(AlertSettings)] = AlertSettings()
    """Who is told."""

    dashboard: Switch = True
    """Whether there is a dashboard, and the figures are sent to CloudWatch that only it shows."""

    @property
    def kms_key(self) -> str | None:
        """The ARN of the KMS key to encrypt with; None for keys that S3 manages."""
        return None if self.encryption == "S3" else self.encryption

    def lock_days(self, tier: Tier) -> int | None:
        """Days of Object Lock for new backups of `tier`; None when Object Lock is off."""
        return None if self.object_lock == "off" else self.retention.of(tier).lock_days


class WatchedSettings(_JudgedSettings):
    """What the monitor judges by: it knows no secret but that of its own webhook."""

    restorable: Switch = True
    """Whether there is a function that restores, and a server that it may restore into."""

    export_days: int = RestoreSettings().export_days
    """Days that an exported SQL file is kept in the vault."""


class Settings(_JudgedSettings):
    """Everything that can be chosen about an installation."""

    databases: Annotated[
        tuple[
            Annotated[
                DatabaseSettings, may_be("an object with name, secret_arn and optional keys")
            ],
            ...,
        ],
        Field(max_length=MAX_DATABASES),
        SOME,
        may_be(
            f"a list of 1 to {MAX_DATABASES} databases, in lifeboat.toml each below a line "
            "[[databases]]; more of them go into a second stack, with settings of its own: "
            "make deploy ARGS='-c settings_file=lifeboat.<name>.toml'"
        ),
    ]
    """The databases to be backed up, with functions, schedules and alarms of their own."""

    former_encryption_keys: Annotated[
        tuple[KeyArn, ...], once("key"), may_be("a list of ARNs of KMS keys")
    ] = ()
    """Keys that `encryption` named before. What was written with them can be read only with them,
    so the functions may go on to decrypt with these."""

    restore: Annotated[RestoreSettings, _object_of(RestoreSettings)] = RestoreSettings()
    """How backups are brought back."""

    network: Annotated[
        NetworkSettings | None,
        may_be(
            "null, or an object with vpc_id, availability_zones, subnet_ids and security_group_ids"
        ),
    ] = None
    """Where the functions run when databases are private; None: outside of any VPC."""

    def of_database(self, name: str) -> Self:
        """The same settings with that database only.

        Raises:
            EventError: there is no database of that name; the known ones are listed.
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

    def watched(self) -> WatchedSettings:
        """The part of the settings by which the monitor judges."""
        no_targets = {"target_secret_arns": (), "target_secret_key_arns": ()}
        return WatchedSettings(
            databases=tuple(
                WatchedDatabase(**{key: getattr(each, key) for key in WatchedDatabase.model_fields})
                for each in self.databases
            ),
            retention=self.retention,
            encryption=self.encryption,
            object_lock=self.object_lock,
            architecture=self.architecture,
            backup=self.backup,
            drill=self.drill.model_copy(update=no_targets),
            monitor=self.monitor,
            alerts=self.alerts,
            restorable=self.restore.is_possible,
            export_days=self.restore.export_days,
            dashboard=self.dashboard,
        )

    @field_validator("databases")
    @classmethod
    def _unique_names(cls, databases: tuple[DatabaseSettings, ...]) -> tuple[DatabaseSettings, ...]:
        names = [database.name for database in databases]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise refusal(f"a list in which each name is used once, unlike {', '.join(twice)}")
        return databases

    @field_validator("drill")
    @classmethod
    def _no_target_is_a_source(cls, drill: DrillSettings, info: ValidationInfo) -> DrillSettings:
        databases: tuple[DatabaseSettings, ...] = info.data.get("databases", ())
        sources = {database.secret_arn: database.name for database in databases}
        for arn in drill.target_secret_arns:
            if arn in sources:
                raise refusal(
                    f"an object whose target_secret_arns do not hold the secret of "
                    f"{sources[arn]}: a drill never restores into the server it protects"
                )
        return drill
