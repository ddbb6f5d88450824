"""The function that backs up one database."""

from pathlib import Path

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Size, Validations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.backup_role import BackupRole
from infra.names import function_name
from infra.network import Network
from infra.vault import Vault
from lifeboat.errors import SettingsError
from lifeboat.settings import Settings

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"
"""The one code asset of every function."""

ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}

MOST_BYTES = 3500
"""Lambda takes 4 KB of environment in all; the rest is for the other variables."""


class BackupFunction(Construct):
    """A function that backs up one database into the vault, with a role and a log of its own.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with only the database that it backs up.
        vault: where the backups go.
        layers: PostgreSQL's programs and the Python dependencies.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        vault: Vault,
        layers: list[lambda_.ILayerVersion],
    ) -> None:
        super().__init__(scope, construct_id)
        database = settings.databases[0]
        self.name = function_name(self, database)
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/lambda/{self.name}",
            retention=logs.RetentionDays.ONE_YEAR,
            # Gone with the stack, because a log group that stays would keep its name taken and
            # the next deployment from succeeding. What a backup is stands in its manifest.
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = BackupRole(self, "Role", settings=settings, vault=vault, log_group=log_group)
        backup = settings.backup
        network = Network(self, "Network", settings=settings.network) if settings.network else None
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            description=f"Lifeboat: backs up {database.name}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=ARCHITECTURES[settings.architecture],
            handler="lifeboat.handlers.backup.handler",
            code=lambda_.Code.from_asset(str(FUNCTIONS), exclude=["**/__pycache__", "**/*.pyc"]),
            layers=layers,
            role=role,
            log_group=log_group,
            memory_size=backup.memory_mb,
            timeout=Duration.minutes(backup.timeout_minutes),
            ephemeral_storage_size=Size.mebibytes(backup.ephemeral_mb),
            environment={
                "LIFEBOAT_VAULT": vault.bucket.bucket_name,
                "LIFEBOAT_SETTINGS": _as_variable(settings),
                "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
            # Lambda itself tries a failed scheduled run once more; the second one is idempotent
            # by its slot. Two more tries at a database in trouble would rather do harm, and what
            # is older than an hour had better wait for the next slot or for a person.
            retry_attempts=1,
            max_event_age=Duration.hours(1),
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            security_groups=network.security_groups if network else None,
        )
        Validations.of(self.function).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason=(
                    "python3.13 is what the layers' wheels, the locks and the tests are made for; "
                    "the runtime is raised together with them."
                ),
            )
        )


def _as_variable(settings: Settings) -> str:
    text = settings.model_dump_json(exclude_defaults=True)
    if len(text.encode()) > MOST_BYTES:
        name = settings.databases[0].name
        raise SettingsError(
            f"The settings of {name} take {len(text.encode())} bytes; the environment of its "
            f"function has room for {MOST_BYTES}.",
            todo=f"Shorten exclude_table_data of {name}.",
        )
    return text
