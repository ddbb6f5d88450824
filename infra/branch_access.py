"""How a run gets a branch in Neon: what it has to know, and what it may do."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from infra.names import function_arn
from infra.role import read_secrets
from lifeboat.model.branches import BROKER_VARIABLE, SECRET_VARIABLE


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


def use_branches(branches: BranchAccess, stack: Stack) -> Iterator[iam.PolicyStatement]:
    """Having a branch made and deleted, and reading how to connect to it.

    Args:
        branches: of which database, and for what.
        stack: of the role.
    """
    yield iam.PolicyStatement(
        sid="InvokeBroker",
        actions=["lambda:InvokeFunction"],
        resources=[function_arn(stack, branches.broker)],
    )
    yield from read_secrets("BranchSecret", [branches.secret_arn], [], stack)
