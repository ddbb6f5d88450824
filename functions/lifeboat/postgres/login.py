"""How to log in: the secret's checked values, with the CA certificates in a file for libpq."""

import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from botocore.httpsession import get_cert_path

from lifeboat.errors import SecretError
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.runtime.secret_store import SecretStore


@dataclass(frozen=True)
class Login:
    """A checked endpoint and where libpq finds its CA certificates.

    Attributes:
        endpoint: host, port, database, role and password.
        ca_file: the CA certificates' file, or None where there are none.
        notes: what was corrected, for the manifest.
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


def read_login(store: SecretStore, secret_arn: str, scratch: Path) -> Login:
    """Read the secret and check its endpoint.

    Args:
        store: where the secret is kept.
        secret_arn: its full ARN.
        scratch: a private directory, into which the CA certificates go if there are any.

    Raises:
        SecretError: the secret can't be read, or is malformed.
        EndpointError: no consistent dump is possible there, or the connection isn't encrypted.
    """
    endpoint, notes = check_endpoint(parse_secret(store.text(secret_arn)))
    return login_to(endpoint, scratch, notes)


def login_to(endpoint: Endpoint, scratch: Path, notes: tuple[str, ...] = ()) -> Login:
    """The login of an endpoint that was checked.

    Args:
        endpoint: where to log in.
        scratch: a private directory, into which the CA certificates go if there are any.
        notes: what was corrected.

    Raises:
        SecretError: the certificates could not be written.
    """
    return Login(endpoint, _ca_file(endpoint, scratch), notes)


def _system_ca() -> str | None:
    """The system's certificate authorities, or else the SDK's copy of Mozilla's list.

    libpq's own `system` means the path that its OpenSSL was built with, and a library from a wheel
    was built on another system.
    """
    return ssl.get_default_verify_paths().cafile or get_cert_path(verify=True)


def _ca_file(endpoint: Endpoint, scratch: Path) -> str | None:
    if endpoint.ca is None:
        return _system_ca() if endpoint.system_ca else None
    path = scratch / "ca.pem"
    try:
        path.write_text(endpoint.ca)
        path.chmod(0o644)  # pg_restore may run as another user, and it is no secret
    except OSError as error:
        raise SecretError(
            f"Could not write the secret's CA certificates to {path}: {error.strerror}.",
            todo="Invoke the function again; if /tmp is full, raise backup.ephemeral_mb.",
        ) from None
    return str(path)
