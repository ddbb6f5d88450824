"""Asks the function that makes branches for one, and learns from a secret how to connect to it.

A run has no key of the provider: that function alone has it.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from lifeboat.errors import BranchError
from lifeboat.model.branches import BROKER_VARIABLE, SECRET_VARIABLE, BranchAnswer, BranchRequest
from lifeboat.runtime.secret_store import SecretStore

_TIMEOUTS = Config(
    # A second request would be answered too, but after the first one has had its time.
    retries={"mode": "standard", "total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=290,
    tcp_keepalive=True,
)
"""The function has five minutes, and says why it failed before they are over."""

_MAX_TEXT = 2000

type Way = Literal["RequestResponse", "Event"]


@dataclass(frozen=True)
class BranchBroker:
    """The function that makes branches for the runs of one database.

    Attributes:
        function: its name; None if the run has none.
        secret_arn: where it puts how to connect.
        secrets: reads that.
        client: makes a client of Lambda.
    """

    function: str | None
    secret_arn: str | None
    secrets: SecretStore
    client: Callable[[], Any] = lambda: boto3.client("lambda", config=_TIMEOUTS)

    def create(self, request: BranchRequest) -> BranchAnswer:
        """Have a branch made, and wait until one can connect to it.

        Raises:
            BranchError: there is none; says why and what to do.
        """
        answer = self._invoke(request, "RequestResponse")
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise _failed(said)
        try:
            return BranchAnswer.model_validate(said)
        except ValidationError:
            raise BranchError(
                f"The function {self.function} does not answer as this one expects.",
                todo="Deploy the stack again (make deploy), so that both are of one version.",
            ) from None

    def delete(self, request: BranchRequest) -> None:
        """Have the branch deleted, without waiting for it.

        Raises:
            BranchError: the request did not get there.
        """
        self._invoke(request, "Event")

    def connection(self, version: str | None) -> str:
        """How to connect to the branch: a URL with a password.

        Args:
            version: of the secret, as it was answered.

        Raises:
            SecretError: it can't be read.
            BranchError: the run does not know where it is.
        """
        if self.secret_arn is None or version is None:
            raise _nowhere()
        return self.secrets.text(self.secret_arn, version)

    def _invoke(self, request: BranchRequest, way: Way) -> Mapping[str, Any]:
        if self.function is None:
            raise _nowhere()
        payload = request.model_dump_json(exclude_none=True)
        try:
            answer: Mapping[str, Any] = self.client().invoke(
                FunctionName=self.function, InvocationType=way, Payload=payload
            )
        except ClientError as error:
            why = error.response["Error"]["Code"]
        except BotoCoreError as error:
            why = type(error).__name__
        else:
            return answer
        raise BranchError(
            f"The function {self.function} could not be invoked: {why}.",
            todo="Deploy the stack again (make deploy), which makes this function and lets backups"
            " invoke it; in a VPC, give its subnets a way to Lambda.",
        )


def branch_broker(secrets: SecretStore) -> BranchBroker:
    """The broker that this function's or job's environment names.

    Args:
        secrets: of the account.
    """
    return BranchBroker(os.environ.get(BROKER_VARIABLE), os.environ.get(SECRET_VARIABLE), secrets)


def _nowhere() -> BranchError:
    return BranchError(
        "This run has no function that makes branches.",
        todo="Run it as a function or a job of the stack: make deploy makes what it needs. A"
        ' program on a machine of your own uses no branch (source = "database").',
    )


def _failed(said: object) -> BranchError:
    """The broker's own error: its three lines, or what Lambda says of a crash."""
    text = said.get("errorMessage", "") if isinstance(said, dict) else ""
    what, _, rest = str(text)[:_MAX_TEXT].partition("\nSafe: ")
    todo = rest.partition("\nNext: ")[2]
    return BranchError(
        what or "The function that makes branches failed without a word.",
        todo=todo or "Read its log: <stack>-neon-broker.",
    )
