"""What all functions of the stack have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Acknowledgment, Duration, Size, Validations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.metrics import NAMESPACE
from infra.network import Network
from infra.role import FunctionRole
from infra.site import Site, as_asset
from lifeboat.errors import SettingsError
from lifeboat.settings import AlertSettings
from lifeboat.settings.function_size import FunctionSize

ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}

ALL_BUT_SLACK = set(AlertSettings.model_fields) - {"slack"}
"""What of the alerts' settings is no concern of a function that tells of its own failures."""

MOST_BYTES = 3500
"""Lambda takes 4 KB of environment in all; the rest is for the other variables."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one function does."""

    name: str
    """By which a person invokes it."""

    purpose: str
    """A few words, for the console."""

    module: str
    """Of the feature in `lifeboat`; the `handler` in its module `handler` is called."""

    size: FunctionSize
    """What it may take."""

    settings: str
    """JSON, see `settings_variable`."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """What else its environment has."""


class LifeboatFunction(lambda_.Function):
    """A function with the project's code, its vault and its part of the settings.

    Args:
        scope: parent construct.
        construct_id: its name there.
        work: what it does.
        site: what it finds.
        role: what it may do, and where it logs. The CDK may add nothing to it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        work: Work,
        site: Site,
        role: FunctionRole,
    ) -> None:
        network = Network(scope, "Network", settings=site.network) if site.network else None
        super().__init__(
            scope,
            construct_id,
            function_name=work.name,
            description=f"Lifeboat: {work.purpose}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=ARCHITECTURES[site.architecture],
            handler=f"lifeboat.{work.module}.handler.handler",
            code=as_asset(site.code),
            layers=site.layers,
            role=role.without_policy_updates(),
            log_group=role.log,
            memory_size=work.size.memory_mb,
            timeout=Duration.minutes(work.size.timeout_minutes),
            ephemeral_storage_size=Size.mebibytes(work.size.ephemeral_mb),
            environment={
                "LIFEBOAT_VAULT": site.vault.bucket.bucket_name,
                "LIFEBOAT_TOPIC": site.alerts.topic.topic_arn,
                "LIFEBOAT_SETTINGS": work.settings,
                "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
                **work.variables,
            },
            # A run that may do better a minute later tries again itself: it knows what failed, and
            # how much it has read by then. It tells people itself, too.
            retry_attempts=0,
            # What is older had better wait for the next slot or for a person.
            max_event_age=Duration.hours(1),
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            security_groups=network.security_groups if network else None,
            ipv6_allowed_for_dual_stack=True if site.network and site.network.ipv6 else None,
        )
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason=(
                    "python3.13 is what the layers' wheels, the locks and the tests are made for; "
                    "the runtime is raised together with them."
                ),
            )
        )


def settings_variable(text: str, *, whose: str, todo: str) -> str:
    """The settings of a function as they go into its environment.

    Raises:
        SettingsError: they don't fit there.
    """
    size = len(text.encode())
    if size > MOST_BYTES:
        raise SettingsError(
            f"The settings of {whose} take {size} bytes; the environment of a function has room "
            f"for {MOST_BYTES}.",
            todo=todo,
        )
    return text
