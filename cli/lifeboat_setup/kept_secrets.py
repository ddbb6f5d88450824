"""The secrets in AWS Secrets Manager that an installation's functions read."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.settings_file import DEFAULT_STACK
from lifeboat.recovery.policy.secret_names import RESTORING
from lifeboat_setup.urls import SetupError


@dataclass(frozen=True)
class Kept:
    """A secret that is there.

    Attributes:
        arn: its full ARN.
        text: its value, which has a password.
    """

    arn: str
    text: str = field(repr=False)


class SecretNames:
    """How the secrets of a stack are called.

    Args:
        stack: its name. The usual stack's secrets are below lifeboat/, another one's below its
            own name, so that two stacks of an account never share one.
    """

    def __init__(self, stack: str) -> None:
        self._prefix = "lifeboat" if stack == DEFAULT_STACK else stack

    def reading(self, database: str) -> str:
        """The name of the secret from which backups of a database get their login."""
        return f"{self._prefix}/{database}"

    def restoring(self, database: str) -> str:
        """The name of that for restores."""
        return f"{self.reading(database)}{RESTORING}"


class SecretsOf:
    """Secrets Manager of one account and region.

    Args:
        client: boto3's.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3's
        self._client = client

    def find(self, name: str) -> Kept | None:
        """The secret of that name or ARN; None if there is none.

        Raises:
            SetupError: it can't be read, or is being deleted. No value is quoted.
        """
        code = "nothing was said"
        try:
            found = self._client.get_secret_value(SecretId=name)
            return Kept(found["ARN"], found["SecretString"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
        except (BotoCoreError, KeyError) as error:
            code = type(error).__name__
        if code == "ResourceNotFoundException":
            return None
        if code == "InvalidRequestException":
            raise SetupError(
                f"The secret {name} is scheduled for deletion.",
                todo=f"aws secretsmanager restore-secret --secret-id {name}",
            )
        raise SetupError(
            f"Reading the secret {name} failed: {code}.",
            todo=f"Allow secretsmanager:GetSecretValue on {name} for these credentials.",
        )

    def create(self, name: str, text: str, description: str) -> Kept:
        """Make a secret.

        Raises:
            SetupError: it can't be made. No value is quoted.
        """
        try:
            made = self._client.create_secret(Name=name, SecretString=text, Description=description)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        except BotoCoreError as error:
            code = type(error).__name__
        else:
            return Kept(made["ARN"], text)
        raise SetupError(
            f"Making the secret {name} failed: {code}.",
            todo="Allow secretsmanager:CreateSecret for these credentials, then start again.",
        )

    def replace(self, kept: Kept, text: str) -> Kept:
        """Store another value; the one before stays as the version AWSPREVIOUS.

        Raises:
            SetupError: it can't be stored. No value is quoted.
        """
        try:
            self._client.put_secret_value(SecretId=kept.arn, SecretString=text)
        except ClientError as error:
            code = error.response["Error"]["Code"]
        except BotoCoreError as error:
            code = type(error).__name__
        else:
            return Kept(kept.arn, text)
        raise SetupError(
            f"Storing the secret {kept.arn} failed: {code}.",
            todo="Allow secretsmanager:PutSecretValue on it for these credentials.",
        )
