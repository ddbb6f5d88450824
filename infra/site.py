"""What a function finds around it."""

from dataclasses import dataclass
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.alerts import Alerts
from infra.vault import Vault
from layers.build import content_digest
from lifeboat.model.aws import Architecture
from lifeboat.settings import NetworkSettings


@dataclass(frozen=True, kw_only=True)
class Site:
    """What functions of one kind find around them."""

    vault: Vault
    """Where the backups are."""

    alerts: Alerts
    """Where failures are told."""

    code: Path
    """What becomes /var/task: the functions' code, built by `layers.code`."""

    layers: list[lambda_.ILayerVersion]
    """What becomes /opt."""

    architecture: Architecture
    """The processor for which the layers are made."""

    network: NetworkSettings | None
    """Where it runs; None: outside of any VPC."""


def as_asset(content: Path) -> lambda_.Code:
    """A directory for Lambda, under a name that tells its files' modes too.

    The CDK's own name for it leaves the modes out: a directory whose modes were mended would not
    be uploaded again.
    """
    return lambda_.Code.from_asset(str(content), asset_hash=content_digest(content))


class Log(logs.LogGroup):
    """The log of one function."""

    def __init__(self, scope: Construct, construct_id: str, *, function: str) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=f"/aws/lambda/{function}",
            retention=logs.RetentionDays.ONE_YEAR,
            # Gone with the stack, because a log group that stays would keep its name taken and
            # the next deployment from succeeding. What a backup is stands in its manifest, and
            # what a drill found in its report.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.function = function
        """The function's name."""
