"""Reads the text of a secret: a connection URL, JSON with one, or the JSON that RDS keeps.

Errors here never quote the text, except for parameter names in a URL that was parsed without doubt.
They are raised outside of `except` blocks, because the parsers' own exceptions contain the text and
would be attached as context.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from lifeboat.errors import EndpointError, SecretError

PASSTHROUGH = {
    "channel_binding": "PGCHANNELBINDING",
    "options": "PGOPTIONS",
    "require_auth": "PGREQUIREAUTH",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
"""Parameters that are passed to libpq unchanged, with their environment variables:
https://www.postgresql.org/docs/18/libpq-envars.html"""

_HANDLED = {"host", "port", "user", "dbname", "ssl", "sslmode", "sslrootcert"}
_OVERRIDDEN = {"application_name", "connect_timeout"}
"""Usual in URLs, but Lifeboat sets these itself."""

ACCEPTED = frozenset({*PASSTHROUGH, *_HANDLED, *_OVERRIDDEN})

_FOREIGN = {
    **dict.fromkeys(("schema", "connection_limit", "pool_timeout", "sslaccept"), "Prisma"),
    **dict.fromkeys(("socket_timeout", "statement_cache_size", "sslidentity"), "Prisma"),
    **dict.fromkeys(("currentSchema", "prepareThreshold", "tcpKeepAlive"), "JDBC"),
    **dict.fromkeys(("loginTimeout", "ApplicationName", "sslfactory"), "JDBC"),
    "uselibpqcompat": "node-postgres",
    "prepared_statement_cache_size": "SQLAlchemy",
}
"""Parameters of other clients, by client; a dump is the same without them."""

_WRAPPERS = (
    (
        re.compile(r"psql\s"),
        "It begins with the command psql: store only the URL between its quotes.",
    ),
    (re.compile("[\"'`]"), "It begins with a quote: store the URL without quotes around it."),
    (
        re.compile(r"(?:export\s+)?[A-Za-z_][A-Za-z0-9_]{0,60}\s?=\s?[\"']?(?:postgres|jdbc:)"),
        "It begins with a variable's name and =, as in a file .env: store only what follows.",
    ),
    (
        re.compile("jdbc:"),
        "It is a URL of JDBC: cut off jdbc:, and put user:password@ before the host.",
    ),
    (
        re.compile(r"postgres(?:ql)?\+[a-z0-9_]{1,30}://"),
        "It names a driver, as SQLAlchemy has it: cut off + and what follows, up to ://.",
    ),
    (re.compile(r"postgres(?:ql)?://", re.IGNORECASE), "Write postgresql:// in small letters."),
)
"""What consoles and frameworks put around a URL. An error names the first that matches, and quotes
nothing of the text."""

_FORBIDDEN_IN_URL = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
_FORBIDDEN_IN_VALUE = re.compile("[\x00\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_FORMS = (
    "Store the secret as one of: postgresql://user:password@host:5432/dbname (with @ : / % and the"
    ' like in user and password percent-encoded); {"url": "postgresql://...", "ca": "<PEM>"};'
    ' {"engine": "postgres", "host": "...", "port": 5432, "username": "...", "password": "...",'
    ' "dbname": "..."}. Then: aws secretsmanager put-secret-value --secret-id <arn>'
    " --secret-string file:///dev/stdin"
)
_RDS_KEYS = {
    "host": "host",
    "port": "port",
    "username": "user",
    "password": "password",
    "dbname": "dbname",
    "sslmode": "sslmode",
}
"""The form that Secrets Manager's own rotation for RDS keeps, with libpq's words for its keys:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html"""


@dataclass(frozen=True)
class SecretContent:
    """The values of a secret, not yet validated.

    Attributes:
        keywords: libpq's keywords with their values; none of them is empty.
        ca: CA certificates in PEM, if it has any.
    """

    keywords: Mapping[str, str] = field(repr=False)
    ca: str | None = field(default=None, repr=False)


def read_secret_text(text: str) -> SecretContent:
    """Parse a secret's text.

    Raises:
        SecretError: it has none of the three forms, or unknown parameters.
        EndpointError: it names PgBouncer.
    """
    text = text.strip()
    content = _read_json(text) if text.startswith("{") else SecretContent(_read_url(text))
    if any(
        _FORBIDDEN_IN_VALUE.search(value)
        for value in (*content.keywords.values(), content.ca or "")
    ):
        raise malformed("The secret has a NUL or half a character in a value.")
    return content


def malformed(what: str, hint: str = "") -> SecretError:
    """An error about a secret; it lists the forms that a secret may have.

    Args:
        what: what is wrong with it.
        hint: what to do about that in particular.
    """
    return SecretError(what, todo=f"{hint} {_FORMS}".lstrip())


def _read_json(text: str) -> SecretContent:
    document = _json_object(text)
    if document is None:
        raise malformed("The secret begins like JSON but is not a JSON object.")
    ca = _string(document, "ca")
    if ca is not None and "-----BEGIN CERTIFICATE-----" not in ca:
        raise malformed("The secret's `ca` is not a PEM certificate.")
    url = _string(document, "url")
    if url is not None:
        return SecretContent(_read_url(url.strip()), ca)
    return SecretContent(_read_rds(document), ca)


def _read_rds(document: Mapping[str, object]) -> dict[str, str]:
    if _string(document, "engine") not in {None, "postgres", "postgresql", "aurora-postgresql"}:
        raise malformed("The secret's `engine` is not postgres.")
    found = {keyword: _string(document, key) for key, keyword in _RDS_KEYS.items()}
    if not found["password"]:
        raise malformed("The secret has neither `url` nor `password`.", _url_elsewhere(document))
    missing = [key for key in ("host", "dbname") if not found[_RDS_KEYS[key]]]
    if len(missing) > 1 and found["user"]:
        raise malformed(
            "The secret has a password and lacks `host` and `dbname`: it may be the one that RDS"
            " manages and rotates itself, which tells only who logs in.",
            "Make a role for backups (docs/backup-role.md) and a secret of its own, with all of"
            " them.",
        )
    return {keyword: value for keyword, value in found.items() if value}


def _url_elsewhere(document: Mapping[str, object]) -> str:
    """A hint when a URL is under another key, as the console's form makes it."""
    values = [value.lstrip() for value in document.values() if isinstance(value, str)]
    if any(value.startswith(("postgresql://", "postgres://")) for value in values):
        return "A connection URL stands under another key: call that key url."
    return ""


def _json_object(text: str) -> dict[str, object] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", document)  # it begins with a brace


def _string(document: Mapping[str, object], key: str) -> str | None:
    value = document.get(key)
    if key == "port" and type(value) is int:
        return str(value)
    if value is not None and not isinstance(value, str):
        raise malformed(f"The secret's `{key}` is not a string.")
    return value


def _read_url(url: str) -> dict[str, str]:
    """The libpq keywords of a URL, parsed by libpq itself."""
    if not url.startswith(("postgresql://", "postgres://")):
        hint = next((hint for pattern, hint in _WRAPPERS if pattern.match(url)), "")
        raise malformed("The secret is neither a postgresql:// URL nor a JSON object.", hint)
    rest = url.partition("://")[2]
    # A raw @ or / in a password moves the border between password and host. Then an error could
    # quote a part of the password as a host or a parameter.
    if _FORBIDDEN_IN_URL.search(url) or rest.count("@") > 1 or "@" in rest.partition("/")[2]:
        raise malformed(
            "The secret's URL has a character in user or password (or a space anywhere) that must"
            " be percent-encoded."
        )
    _refuse_unknown_parameters(rest.rpartition("@")[2].partition("?")[2], named="@" in rest)
    keywords = _parse_by_libpq(url)
    if keywords is None:
        raise malformed("libpq cannot read the secret's URL; is a % in it not encoded as %25?")
    return {keyword: value for keyword, value in keywords.items() if value}


def _parse_by_libpq(url: str) -> dict[str, str] | None:
    try:
        return cast("dict[str, str]", conninfo_to_dict(url))
    except (psycopg.Error, UnicodeError):
        return None


def _refuse_unknown_parameters(query: str, *, named: bool) -> None:
    """Raise for a parameter that isn't known.

    The error quotes its name only if `named`: without an @ in the URL, a part of the password may
    look like a parameter.
    """
    for part in filter(None, query.split("&")):
        name = _name_of(part)
        if name == "pgbouncer":
            raise EndpointError(
                "The secret's URL has the parameter pgbouncer, which marks a pooled connection: a"
                " dump needs one server session from beginning to end.",
                todo="Store the database's direct (unpooled) URL, without that parameter.",
            )
        if name == "password":  # what follows may be pieces of it, so name nothing
            raise malformed("The secret's URL has its password among the parameters, not before @.")
        if named and name in _FOREIGN:
            theirs = [each for each in map(_name_of, query.split("&")) if each in _FOREIGN]
            raise SecretError(
                f"The secret's URL has parameters of {_FOREIGN[name]}: {', '.join(theirs)}. The"
                " programs of PostgreSQL don't know them.",
                todo=f"Store the URL without {' and '.join(theirs)}: a dump is the same without.",
            )
        if name not in ACCEPTED:
            sayable = named and _NAME.fullmatch(name)
            which = f"the parameter {name!r}" if sayable else "a parameter"
            raise SecretError(
                f"The secret's URL has {which}, which Lifeboat does not know.",
                todo=f"Take it out; known are {', '.join(sorted(ACCEPTED))}.",
            )


def _name_of(part: str) -> str:
    return unquote(part.partition("=")[0])
