"""The function that makes branches in Neon for backups to read, and these branches' secrets."""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import neon_broker_settings
from infra.names import function_name
from infra.neon_broker_role import NeonBrokerRole
from infra.shared_resources import Log, SharedResources
from lifeboat.model.branches import BROKER_VARIABLE, SECRET_VARIABLE, SECRETS_VARIABLE
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize

SIZE = FunctionSize(memory_mb=512, timeout_minutes=5)

_ARN_BYTES = 180
"""At most, of the ARN of a secret and the name of its database: CloudFormation makes the name."""


@dataclass(frozen=True, kw_only=True)
class BranchAccess:
    """What a run needs to get a branch of its database.

    Attributes:
        broker: name of the function that makes it.
        secret_arn: of the secret that says how to connect.
    """

    broker: str
    secret_arn: str

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of the run."""
        return {BROKER_VARIABLE: self.broker, SECRET_VARIABLE: self.secret_arn}


class NeonBrokerFunction(Construct):
    """One function for all databases whose backups read a branch. Only their runs invoke it.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        shared: with the layer of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, shared: SharedResources
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = function_name(self, "neon-broker")
        known = settings.at_broker()
        self._secrets = {each.name: self._secret(each.name) for each in known.databases}
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose="makes branches in Neon for backups to read",
            module="neon_broker",
            size=SIZE,
            settings=settings_variable(
                neon_broker_settings(settings),
                whose="the function that makes branches",
                todo='Let fewer databases have source = "branch", or make a second stack for some:'
                " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'.",
                others=_ARN_BYTES * len(known.databases),
            ),
            variables={SECRETS_VARIABLE: Stack.of(self).to_json_string(self._secrets)},
        )
        role = NeonBrokerRole(
            self, "Role", settings=known, shared=shared, log=log, secrets=self._secrets
        )
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)

    def access(self, database: str) -> BranchAccess | None:
        """What the runs of a database need; None if they read no branch."""
        arn = self._secrets.get(database)
        return BranchAccess(broker=self.name, secret_arn=arn) if arn else None

    def _secret(self, database: str) -> str:
        """The ARN of a secret that has nothing between two runs."""
        secret = secretsmanager.CfnSecret(
            self,
            f"Secret-{database}",
            description=f"Lifeboat: how a running backup of {database} connects to its branch",
            secret_string="-",  # noqa: S106 - it is empty until a run writes into it
        )
        secret.apply_removal_policy(RemovalPolicy.DESTROY)
        Validations.of(secret).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SMG4",
                reason="It is written for each run and emptied after it: it never has anything that"
                " could be rotated.",
            )
        )
        return secret.attr_id
