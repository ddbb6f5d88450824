"""The local AWS as a place that keeps secrets, for whoever reads them by hand."""

from typing import NoReturn

from lifeboat.runtime.branch_broker import BranchBroker
from lifeboat.runtime.secret_store import SecretStore
from local.aws import LocalAws


def _nobody() -> NoReturn:
    raise AssertionError("nobody reads a secret")


NO_BRANCHES = BranchBroker(None, None, SecretStore(_nobody, _nobody))
"""Of a run that uses no branch in Neon."""


def store_of(aws: LocalAws, role_arn: str | None = None) -> SecretStore:
    """The account's secrets, as its root or as a role sees them."""
    return SecretStore(
        secrets=lambda: aws.client("secretsmanager", role_arn=role_arn),
        parameters=lambda: aws.client("ssm", role_arn=role_arn),
    )
