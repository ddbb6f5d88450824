"""How to log in: what the secret says, checked, with the CA certificates in a file for libpq."""

import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import get_cert_path

from lifeboat.errors import SecretError
from lifeboat.postgres.direct import check_endpoint
from lifeboat.postgres.endpoint import Endpoint, parse_secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_ADVICE = {
    "ResourceNotFoundException": "Create the secret, or correct `secret_arn` in cdk.json.",
    "AccessDeniedException": (
        "Deploy the stack again (make deploy) so that the function may read this secret; if the"
        " secret has a resource policy or its own KMS key, allow the function's role there."
    ),
    "DecryptionFailure": "Allow the function's role to decrypt with the secret's KMS key.",
    "InvalidRequestException": "Restore the secret if it is scheduled for deletion.",
}


@dataclass(frozen=True)
class Login:
    """A checked endpoint and where libpq finds its CA certificates.

    Attributes:
        endpoint: host, port, database, role and password.
        ca_file: the CA certificates' file, or None where there are none.
        notes: what was repaired, for the manifest.
    """

    endpoint: Endpoint
    ca_file: str | None = None
    notes: tuple[str, ...] = ()

    def to(self, database: str) -> "Login":
        """The same for another database on the same server."""
        return replace(self, endpoint=replace(self.endpoint, database=database))

    def environment(self) -> dict[str, str]:
        """The connection as libpq's environment variables, the password among them."""
        return self.endpoint.environment(ca_file=self.ca_file)


def read_login(client: "SecretsManagerClient", secret_arn: str, scratch: Path) -> Login:
    """Read the secret and check where it leads.

    Args:
        client: of Secrets Manager.
        secret_arn: the secret's full ARN.
        scratch: a private directory, into which the CA certificates go if there are any.

    Raises:
        SecretError: the secret can't be read or makes no sense.
        EndpointError: it leads where no consistent dump is possible, or isn't encrypted.
    """
    try:
        answer = client.get_secret_value(SecretId=secret_arn)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise SecretError(
            f"Could not read the secret {secret_arn}: {code}.",
            todo=_ADVICE.get(code, "Check the secret in the Secrets Manager console."),
        ) from None  # the answer might quote what it was asked about
    except BotoCoreError as error:
        raise SecretError(
            f"Could not reach Secrets Manager for {secret_arn}: {type(error).__name__}.",
            todo="Invoke the function again; in a VPC, give its subnets a way to Secrets Manager.",
        ) from None
    if "SecretString" not in answer:
        raise SecretError(
            f"The secret {secret_arn} is binary.", todo="Store it as text: a connection URL."
        )
    endpoint, notes = check_endpoint(parse_secret(answer["SecretString"]))
    return Login(endpoint, _ca_file(endpoint, scratch), tuple(notes))


def _system_ca() -> str | None:
    """The system's certificate authorities, or else the SDK's copy of Mozilla's list.

    libpq's own word for them, `system`, means the place where its OpenSSL was built to look, and a
    library out of a wheel was built on another system.
    """
    return ssl.get_default_verify_paths().cafile or get_cert_path(verify=True)


def _ca_file(endpoint: Endpoint, scratch: Path) -> str | None:
    if endpoint.ca is None:
        return _system_ca() if endpoint.system_ca else None
    path = scratch / "ca.pem"
    try:
        path.write_text(endpoint.ca)
    except OSError as error:
        raise SecretError(
            f"Could not write the secret's CA certificates to {path}: {error.strerror}.",
            todo="Invoke the function again; if /tmp is full, raise backup.ephemeral_mb.",
        ) from None
    return str(path)
