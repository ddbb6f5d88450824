"""The function that makes branches in Neon for backups and drills, and these branches' secrets."""

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.branch_access import BranchAccess
from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import neon_broker_settings
from infra.names import function_name
from infra.neon_broker_role import NeonBrokerRole
from infra.shared_resources import Log, SharedResources
from lifeboat.model.branches import SECRETS_VARIABLE, Purpose
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize

SIZE = FunctionSize(memory_mb=512, timeout_minutes=5)

_ARN_BYTES = 180
"""At most, of the ARN of a secret and the name of its database: CloudFormation makes the name."""

_SECRETS: dict[Purpose, tuple[str, str]] = {
    "backup": ("Secret", "how a running backup of {} connects to its branch"),
    "drill": ("DrillSecret", "how a running drill of {} connects to its branch"),
}
"""How secrets begin in the template, and what is in them."""


class NeonBrokerFunction(Construct):
    """One function for all databases whose backups or drills use a branch. Only they invoke it.

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
        self._secrets: dict[Purpose, dict[str, str]] = {
            purpose: {name: self._secret(purpose, name) for name in known.names(purpose)}
            for purpose in _SECRETS
        }
        arns = [arn for each in self._secrets.values() for arn in each.values()]
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose="makes branches in Neon for backups and drills",
            module="neon_broker",
            size=SIZE,
            settings=settings_variable(
                neon_broker_settings(settings),
                whose="the function that makes branches",
                todo='Let fewer databases have source = "branch" or drill_target ='
                ' "neon-branch", or make a second stack for some:'
                " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'.",
                others=_ARN_BYTES * len(arns),
            ),
            variables={SECRETS_VARIABLE: Stack.of(self).to_json_string(self._secrets)},
        )
        role = NeonBrokerRole(self, "Role", settings=known, shared=shared, log=log, secrets=arns)
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)

    def access(self, purpose: Purpose, database: str) -> BranchAccess | None:
        """What the backups, or drills, of a database need; None if they use no branch."""
        arn = self._secrets[purpose].get(database)
        return BranchAccess(broker=self.name, secret_arn=arn) if arn else None

    def _secret(self, purpose: Purpose, database: str) -> str:
        """The ARN of a secret that has nothing between two runs."""
        begin, what = _SECRETS[purpose]
        secret = secretsmanager.CfnSecret(
            self,
            f"{begin}-{database}",
            description=f"Lifeboat: {what.format(database)}",
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
