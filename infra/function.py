"""What all functions of the stack have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Acknowledgment, Duration, Size, Validations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.metrics import NAMESPACE
from infra.network import Network
from infra.role import FunctionRole
from infra.shared_resources import SharedResources, as_asset
from lifeboat.errors import SettingsError
from lifeboat.model.engine import PROJECT_VARIABLE
from lifeboat.settings.function_size import FunctionSize

ARCHITECTURES = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}

MAX_SETTINGS_BYTES = 3500
"""Lambda allows 4 KB of environment; the rest is for the other variables."""


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """What one function does."""

    name: str
    """Its name, with which people invoke it."""

    purpose: str
    """A few words, for the console."""

    module: str
    """The package in `lifeboat` whose `handler.handler` is invoked."""

    size: FunctionSize
    """Its memory, time and disk."""

    settings: str
    """JSON, see `settings_variable`."""

    variables: Mapping[str, str] = field(default_factory=dict)
    """Its other environment variables."""


class LifeboatFunction(lambda_.Function):
    """A function with the project's code, its bucket and its part of the settings.

    Args:
        scope: parent construct.
        construct_id: its name there.
        spec: what it does, and its size.
        shared: what it shares with other functions.
        role: what it may do, and its log. The CDK may add nothing to it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: FunctionSpec,
        shared: SharedResources,
        role: FunctionRole,
    ) -> None:
        network = Network(scope, "Network", settings=shared.network) if shared.network else None
        super().__init__(
            scope,
            construct_id,
            function_name=spec.name,
            description=f"Lifeboat: {spec.purpose}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=ARCHITECTURES[shared.architecture],
            handler=f"lifeboat.{spec.module}.handler.handler",
            code=as_asset(shared.code),
            layers=shared.layers,
            role=role.without_policy_updates(),
            log_group=role.log,
            memory_size=spec.size.memory_mb,
            timeout=Duration.minutes(spec.size.timeout_minutes),
            ephemeral_storage_size=Size.mebibytes(spec.size.ephemeral_mb),
            environment={
                **variables_of(spec, shared),
                **({PROJECT_VARIABLE: role.project} if role.project else {}),
            },
            # A run repeats itself if that may help: it knows what failed, and how much it has
            # read. It also notifies people itself.
            retry_attempts=0,
            # An older event should wait for the next scheduled run or for a person.
            max_event_age=Duration.hours(1),
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            security_groups=network.security_groups if network else None,
            ipv6_allowed_for_dual_stack=True if shared.network and shared.network.ipv6 else None,
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


def variables_of(spec: FunctionSpec, shared: SharedResources) -> dict[str, str]:
    """The environment of a function, which its jobs have too.

    Args:
        spec: what it does.
        shared: what it shares with other functions.
    """
    return {
        "LIFEBOAT_BUCKET": shared.bucket.s3_bucket.bucket_name,
        "LIFEBOAT_TOPIC": shared.alerts.topic.topic_arn,
        "LIFEBOAT_SETTINGS": spec.settings,
        "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        **spec.variables,
    }


def settings_variable(text: str, *, whose: str, todo: str, others: int = 0) -> str:
    """The settings of a function for its environment.

    Args:
        text: JSON.
        whose: for the error.
        todo: how to make them shorter.
        others: bytes of variables that only this function has.

    Raises:
        SettingsError: they are too long.
    """
    size, room = len(text.encode()), MAX_SETTINGS_BYTES - others
    if size > room:
        raise SettingsError(
            f"The settings of {whose} take {size} bytes; the environment of a function has room "
            f"for {room}.",
            todo=todo,
        )
    return text
