"""Where secrets are kept: AWS Secrets Manager, or a SecureString of SSM's Parameter Store.

The ARN shows which of the two it is. Errors quote neither a value nor AWS's message, which might
quote the request.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import SecretError
from lifeboat.settings.secret_arns import is_parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

_MAY_NOT_READ = (
    "Deploy the stack again (make deploy) so that the function may read this secret; if it has a"
    " resource policy or its own KMS key, allow the function's role there."
)
_ADVICE = {
    "ResourceNotFoundException": "Create the secret, or correct its ARN in lifeboat.toml.",
    "ParameterNotFound": "Create the parameter, or correct its ARN in lifeboat.toml.",
    "AccessDeniedException": _MAY_NOT_READ,
    "DecryptionFailure": "Allow the function's role to decrypt with the secret's KMS key.",
    "InvalidRequestException": "Restore the secret if it is scheduled for deletion.",
    # Parameter Store's code for everything that KMS refuses, such as a disabled key:
    # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    "InvalidKeyId": "Enable the parameter's KMS key, or cancel its deletion, in the KMS console.",
}

NOT_SECURE = (
    "Give the role a new password, as the old one could be read. A parameter's type can't be"
    " changed: make another one with --type SecureString, put its ARN into lifeboat.toml, make"
    " deploy, and delete this one."
)
"""What to do about a parameter that is no SecureString.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html,
HierarchyTypeMismatchException
"""


@dataclass(frozen=True)
class SecretStore:
    """Reads secrets, each by its full ARN.

    Attributes:
        secrets: makes a client of Secrets Manager.
        parameters: makes a client of SSM.
        given: the value of every secret, if nothing is to be read; never in a function.
    """

    secrets: "Callable[[], SecretsManagerClient]"
    parameters: "Callable[[], SSMClient]"
    given: str | None = field(default=None, repr=False)

    def text(self, arn: str, version: str | None = None) -> str:
        """The value of the secret.

        Args:
            arn: of a Secrets Manager secret or of a parameter.
            version: the id of a version of a Secrets Manager secret; None: the current one.

        Raises:
            SecretError: it can't be read, is binary, or is stored unencrypted.
        """
        if self.given is not None:
            return self.given
        in_parameters = is_parameter(arn)
        kept = "Parameter Store" if in_parameters else "Secrets Manager"
        try:
            return self._parameter(arn) if in_parameters else self._secret(arn, version)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise SecretError(
                f"Could not read the secret {arn}: {code}.",
                todo=_ADVICE.get(code, f"Check it in the console of {kept}."),
            ) from None  # the answer might quote what it was asked about
        except BotoCoreError as error:
            raise SecretError(
                f"Could not reach {kept} for {arn}: {type(error).__name__}.",
                todo=f"Invoke the function again; in a VPC, give its subnets a way to {kept}.",
            ) from None

    def _secret(self, arn: str, version: str | None) -> str:
        client = self.secrets()
        answer = (
            client.get_secret_value(SecretId=arn, VersionId=version)
            if version
            else client.get_secret_value(SecretId=arn)
        )
        if "SecretString" not in answer:
            raise SecretError(f"The secret {arn} is binary.", todo="Store it as text.")
        return answer["SecretString"]

    def _parameter(self, arn: str) -> str:
        found = self.parameters().get_parameter(Name=arn, WithDecryption=True)["Parameter"]
        if found["Type"] != "SecureString":
            raise SecretError(
                f"The parameter {arn} is a plain {found['Type']}, which isn't encrypted.",
                todo=NOT_SECURE,
            )
        return found["Value"]
