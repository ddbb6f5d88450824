"""The Lifeboat stack: one vault, and for each database a function and its schedule."""

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

from infra.backup_function import ARCHITECTURES, BackupFunction
from infra.schedule import Schedule
from infra.vault import Vault
from lifeboat.settings import DatabaseSettings, Settings


class LifeboatStack(Stack):
    """Everything that runs in the account.

    Args:
        scope: the app.
        construct_id: name of the stack, with which the names of its functions begin.
        settings: what to back up, how and for how long.
        postgres_layer: directory with PostgreSQL's programs, becomes /opt.
        python_layer: directory with the functions' dependencies, becomes /opt.
        env: account and region, where they are known.

    Raises:
        SettingsError: names or settings are too long for the functions that get them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        postgres_layer: Path,
        python_layer: Path,
        env: Environment | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description="Lifeboat: PostgreSQL backups that are proven by restoring them",
        )
        self.vault = Vault(self, "Vault", settings=settings)
        self.dead_letters = _dead_letters(self)
        self._layers: list[lambda_.ILayerVersion] = [
            _layer(self, "PostgresLayer", content=postgres_layer, settings=settings),
            _layer(self, "PythonLayer", content=python_layer, settings=settings),
        ]
        CfnOutput(self, "VaultName", value=self.vault.bucket.bucket_name)
        for database in settings.databases:
            self._back_up(database, settings)

    def _back_up(self, database: DatabaseSettings, settings: Settings) -> None:
        scope = Construct(self, f"Database-{database.name}")
        backup = BackupFunction(
            scope,
            "Backup",
            settings=settings.of_database(database.name),
            vault=self.vault,
            layers=self._layers,
        )
        Schedule(
            scope,
            "Schedule",
            database=database,
            backup=backup,
            dead_letters=self.dead_letters,
        )
        _tell(scope, database=database, name=backup.name)


def _layer(
    scope: Construct, construct_id: str, *, content: Path, settings: Settings
) -> lambda_.LayerVersion:
    return lambda_.LayerVersion(
        scope,
        construct_id,
        code=lambda_.Code.from_asset(str(content)),
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[ARCHITECTURES[settings.architecture]],
        removal_policy=RemovalPolicy.DESTROY,
    )


def _dead_letters(scope: Construct) -> sqs.Queue:
    """The queue of runs that EventBridge Scheduler could not start; one letter is one too many."""
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


def _tell(scope: Construct, *, database: DatabaseSettings, name: str) -> None:
    """Outputs: the function's name, and the command for a backup by hand, ready to paste.

    The CLI waits for the whole run and must not send the event again when that takes long.
    """
    CfnOutput(scope, "FunctionName", value=name)
    event = f'{{"database": "{database.name}", "tier": "manual", "label": "by-hand"}}'
    CfnOutput(
        scope,
        "BackUpByHand",
        value=(
            f"AWS_MAX_ATTEMPTS=1 aws lambda invoke --function-name {name} --cli-read-timeout 960 "
            f"--cli-binary-format raw-in-base64-out --payload '{event}' /dev/stdout"
        ),
    )
