"""The secrets by which a run learns how to connect to its branch: written here, read by the run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import SecretError
from lifeboat.model.branches import BranchRequest, Purpose

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

EMPTY = "-"
"""What such a secret has between two runs; Secrets Manager takes no empty text."""


@dataclass(frozen=True)
class BranchSecrets:
    """The secrets of the branches. This function may write them, and read none.

    Attributes:
        client: makes a client of Secrets Manager.
        arns: of the secrets, by purpose and database.
    """

    client: "Callable[[], SecretsManagerClient]"
    arns: Mapping[Purpose, Mapping[str, str]]

    def put(self, request: BranchRequest, uri: str) -> str:
        """Store how to connect; gives the version, by which the run reads just that.

        So runs of one database at the same time do not read each other's.

        Raises:
            SecretError: it could not be stored. The error has nothing of the URI.
        """
        return self._put(request, uri)

    def empty(self, request: BranchRequest) -> None:
        """Let the secret have nothing, neither now nor as its previous version.

        Raises:
            SecretError: it could not be written.
        """
        for _ in ("current", "previous"):
            self._put(request, EMPTY)

    def _put(self, request: BranchRequest, text: str) -> str:
        arn = self.arns[request.purpose][request.database]
        try:
            return self.client().put_secret_value(SecretId=arn, SecretString=text)["VersionId"]
        except ClientError as error:
            why = error.response.get("Error", {}).get("Code", "unknown")
        except BotoCoreError as error:
            why = type(error).__name__
        # Outside of `except`: the error's text may quote the request.
        raise SecretError(
            f"Could not write the secret {arn}: {why}.",
            todo="Deploy the stack again (make deploy), which makes this secret and lets the"
            " function write it.",
        )
