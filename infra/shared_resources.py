"""What functions share: bucket, topic, code, layers and network; and the log of each."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.alerts import Alerts
from infra.backup_bucket import BackupBucket
from layers.build import content_digest
from lifeboat.model.aws import Architecture
from lifeboat.settings import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class SharedResources:
    """The resources that the functions of one kind share."""

    bucket: BackupBucket
    """Where the backups are."""

    alerts: Alerts
    """The topic for notifications."""

    code: Path
    """The functions' code, built by `layers.code`; it becomes /var/task."""

    layers: list[lambda_.ILayerVersion]
    """Their contents become /opt."""

    architecture: Architecture
    """The processor for which the layers are made."""

    network: NetworkSettings | None
    """Where the functions run; None: outside any VPC."""


def as_asset(content: Path) -> lambda_.Code:
    """A directory for Lambda, with an asset hash that includes its files' modes.

    The CDK's own hash ignores modes: after a fix of modes a directory would not be uploaded again.
    """
    return lambda_.Code.from_asset(str(content), asset_hash=content_digest(content))


def as_source(scope: Construct, construct_id: str, content: Path) -> assets.Asset:
    """The same asset for a build of CodeBuild: it is uploaded once."""
    return assets.Asset(scope, construct_id, path=str(content), asset_hash=content_digest(content))


class Log(logs.LogGroup):
    """The log of one function."""

    def __init__(self, scope: Construct, construct_id: str, *, function: str) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=f"/aws/lambda/{function}",
            retention=logs.RetentionDays.ONE_YEAR,
            # Deleted with the stack: a log group that stays would keep its name, and the next
            # deployment would fail. Manifests and reports have all that matters of runs.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.function = function
        """The function's name."""
