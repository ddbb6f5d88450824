"""What the function that makes branches in Neon may do."""

from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.neon_keys import read_neon_keys
from infra.role import FunctionRole, read_secrets
from infra.shared_resources import Log, SharedResources
from lifeboat.settings import BrokerSettings


class NeonBrokerRole(FunctionRole):
    """A role that can read the keys of Neon, and write how to connect to a branch.

    It reads the connections of the databases whose backups read a branch, which name the role that
    is to read it: if a run could name another one, it would get that one's password. For drills it
    makes a role, and reads no connection. It reads no branch's secret, has
    nothing to do with the bucket, and notifies nobody: the run that has asked does.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: the databases of which it makes branches.
        shared: with the network if there is one.
        log: where the function logs to.
        secrets: ARNs of the secrets that it writes.
    """

    def __init__(  # each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: BrokerSettings,
        shared: SharedResources,
        log: Log,
        secrets: Iterable[str],
    ) -> None:
        stack, databases = Stack.of(scope), settings.databases
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            statements=[
                *read_neon_keys((each.neon for each in databases), stack),
                *read_secrets(
                    "DatabaseSecrets",
                    _once(each.secret_arn for each in databases),
                    _once(each.secret_key_arn for each in databases),
                    stack,
                ),
                iam.PolicyStatement(
                    sid="WriteBranchSecrets",
                    actions=["secretsmanager:PutSecretValue"],
                    resources=list(secrets),
                ),
            ],
            wildcard_reasons={},
            notifies=False,
        )


def _once(arns: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(filter(None, arns)))
