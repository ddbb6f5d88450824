"""Where the database is and how to log in: the secret's values, validated, in libpq's keywords."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from lifeboat.errors import EndpointError
from lifeboat.postgres.secret_parser import PASSTHROUGH, malformed, read_secret_text

VARIABLES = PASSTHROUGH | {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "application_name": "PGAPPNAME",
    "gssencmode": "PGGSSENCMODE",
}
"""The environment variables that libpq reads, by keyword:
https://www.postgresql.org/docs/18/libpq-envars.html"""

SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_PORT = re.compile("[0-9]{1,5}")
_CONNECT_SECONDS = "10"
_MAX_PORT = 65535
_MAX_NAME_LENGTH = 255
"""Of a host name in DNS; names in PostgreSQL are shorter. Errors quote these names."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A database on a server, and the role that reads it. Its `repr` shows no password.

    Attributes:
        host: a name, an address, or a directory with a socket.
        port: 1 to 65535.
        user: the role.
        password: None where the server asks for none.
        database: the database's name on the server.
        sslmode: libpq's; at least "require" unless `is_local`.
        ca: CA certificates in PEM, to be written to a file by the caller.
        system_ca: verify against the certificates that the system trusts.
        parameters: further libpq keywords, as in `PASSTHROUGH`, with their values.
    """

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    database: str
    sslmode: str
    ca: str | None = field(default=None, repr=False)
    system_ca: bool = False
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether the connection is a socket or loopback, which nobody else can read."""
        return is_local(self.host)

    @property
    def shown(self) -> str:
        """The connection as a URL to show to people, its password replaced by stars."""
        host = quote(self.host, safe="@") if self.host.startswith("/") else self.host
        host = f"[{host}]" if ":" in host else host
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return f"postgresql://{user}:***@{host}:{self.port}/{database}?sslmode={self.sslmode}"

    @property
    def digest(self) -> str:
        """A hash of host and port: shows whether two endpoints are one server, but not which."""
        return hashlib.sha256(f"{self.host.lower()}:{self.port}".encode()).hexdigest()[:16]

    def conninfo(self, *, ca_file: str | None = None) -> dict[str, Any]:
        """Keyword arguments for `psycopg.connect` (all are strings).

        Args:
            ca_file: the file into which the caller wrote `ca`. With `system_ca`: the system's
                bundle; without it, libpq uses the path that its OpenSSL was built with.

        Raises:
            ValueError: the endpoint has a CA, but there is no file with it.
        """
        if self.ca and not ca_file:
            raise ValueError("the endpoint's CA certificates must be in a file")
        keywords = {
            "host": self.host,
            "port": str(self.port),
            "user": self.user,
            "dbname": self.database,
            "sslmode": self.sslmode,
            "application_name": "lifeboat",
            "gssencmode": "disable",  # no Kerberos here, and probing for it costs a round trip
            **dict(self.parameters),
        }
        if self.password:
            keywords["password"] = self.password
        if self.ca or self.system_ca:
            keywords["sslrootcert"] = ca_file or "system"
        return keywords

    def environment(self, *, ca_file: str | None = None) -> dict[str, str]:
        """The same as environment variables for a program: others could read its arguments.

        Raises:
            ValueError: as `conninfo` does.
        """
        keywords = self.conninfo(ca_file=ca_file)
        variables = {VARIABLES[keyword]: value for keyword, value in keywords.items()}
        return variables | {"PGCONNECT_TIMEOUT": _CONNECT_SECONDS}


def is_local(host: str) -> bool:
    """Whether a host is a socket's directory, an abstract socket or a loopback address."""
    if host.startswith(("/", "@")) or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_secret(text: str) -> Endpoint:
    """The endpoint that a secret's text describes, encrypted enough.

    Args:
        text: a connection URL; JSON with `url` and perhaps `ca` (PEM); or JSON as RDS keeps it
            (`host`, `port`, `username`, `password`, `dbname`), perhaps with `ca` and `sslmode`.

    Raises:
        SecretError: it has none of these forms, misses a value, or has unknown parameters. The
            error quotes no value of the secret.
        EndpointError: it asks for plain text to a remote host, or names PgBouncer.
    """
    content = read_secret_text(text)
    keywords, ca = content.keywords, content.ca
    for keyword, what in {"host": "host", "user": "user name", "dbname": "database"}.items():
        if keyword not in keywords:
            raise malformed(f"The secret names no {what}.")
        if len(keywords[keyword]) > _MAX_NAME_LENGTH:
            raise malformed(f"The secret's {what} has more than {_MAX_NAME_LENGTH} characters.")
    host = keywords["host"]
    if not host.isprintable():
        raise malformed("The secret's host has a character in it that can't be seen.")
    if "," in host or "," in keywords.get("port", ""):
        raise malformed("The secret names several hosts; a dump must come from exactly one.")
    system_ca = _wants_system_ca(keywords, ca)
    sslmode = _encrypted(keywords.get("sslmode"), local=is_local(host), ca=bool(ca))
    return Endpoint(
        host=host,
        port=_port(keywords.get("port", "5432")),
        user=keywords["user"],
        password=keywords.get("password"),
        database=keywords["dbname"],
        sslmode="verify-full" if system_ca else sslmode,
        ca=ca,
        system_ca=system_ca,
        parameters=tuple((name, keywords[name]) for name in PASSTHROUGH if name in keywords),
    )


def _port(text: str) -> int:
    if _PORT.fullmatch(text) and 1 <= int(text) <= _MAX_PORT:
        return int(text)
    raise malformed("The secret's port is not a number from 1 to 65535.")


def _wants_system_ca(keywords: Mapping[str, str], ca: str | None) -> bool:
    """Whether to verify against the system's CAs: on request, or when there is no other CA."""
    root = keywords.get("sslrootcert")
    if root not in {None, "system"} or (root and ca):
        raise malformed(
            'The secret\'s sslrootcert can only be "system", and only without `ca`: a function has'
            " no other file of certificates; PEM text belongs into `ca`."
        )
    return root == "system" or (ca is None and keywords.get("sslmode", "").startswith("verify-"))


def _encrypted(stated: str | None, *, local: bool, ca: bool) -> str:
    """The sslmode to use: the stated one, or a stricter one that is safe over a network.

    With a CA it is verify-full. Only a stated verify-ca stays, for hosts whose certificate has
    another name.
    """
    if stated not in {None, *SSLMODES}:
        raise malformed(
            f"The secret's sslmode is none of {', '.join(SSLMODES)}.", _sslmode_hint(stated or "")
        )
    if local:
        return stated or ("verify-full" if ca else "prefer")
    if stated == "disable":
        raise EndpointError(
            "The secret has sslmode=disable for a host that is neither a socket nor loopback:"
            " the backup would travel in plain text.",
            todo="Use sslmode=require, or better: put the server's CA into the secret's `ca`.",
        )
    if ca:
        return "verify-ca" if stated == "verify-ca" else "verify-full"
    return "require"


def _sslmode_hint(stated: str) -> str:
    if stated == "no-verify":
        return "no-verify is a word of node-postgres: write sslmode=require."
    return "Write it in small letters." if stated.lower() in SSLMODES else ""
