"""Reads the text of a secret: a connection URL, JSON with one, or the JSON that RDS keeps.

Errors here never repeat anything of the text, except for the names of parameters in a URL that was
taken apart without doubt. They are raised outside of `except` blocks, since the parsers' own
exceptions hold the text and would travel along as context.
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

#: Parameters that are handed on as they are, with the variables that libpq reads in a child:
#: https://www.postgresql.org/docs/18/libpq-envars.html
PASSED_ON = {
    "channel_binding": "PGCHANNELBINDING",
    "options": "PGOPTIONS",
    "require_auth": "PGREQUIREAUTH",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}
_UNDERSTOOD = {"host", "port", "user", "dbname", "ssl", "sslmode", "sslrootcert"}
#: Usual in URLs, but Lifeboat sets these itself.
_OVERRULED = {"application_name", "connect_timeout"}
ACCEPTED = frozenset({*PASSED_ON, *_UNDERSTOOD, *_OVERRULED})

#: Of other clients, with whom they mean something; a dump is the same without them.
_OF_OTHERS = {
    **dict.fromkeys(("schema", "connection_limit", "pool_timeout", "sslaccept"), "Prisma"),
    **dict.fromkeys(("socket_timeout", "statement_cache_size", "sslidentity"), "Prisma"),
    **dict.fromkeys(("currentSchema", "prepareThreshold", "tcpKeepAlive"), "JDBC"),
    **dict.fromkeys(("loginTimeout", "ApplicationName", "sslfactory"), "JDBC"),
    "uselibpqcompat": "node-postgres",
    "prepared_statement_cache_size": "SQLAlchemy",
}

#: What consoles and frameworks put around a URL. The first that fits is told; nothing of the text.
_AROUND = (
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

_NEVER_IN_A_URL = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
_NEVER_SENT = re.compile("[\x00\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_FORMS = (
    "Store the secret as one of: postgresql://user:password@host:5432/dbname (with @ : / % and the"
    ' like in user and password percent-encoded); {"url": "postgresql://...", "ca": "<PEM>"};'
    ' {"engine": "postgres", "host": "...", "port": 5432, "username": "...", "password": "...",'
    ' "dbname": "..."}. Then: aws secretsmanager put-secret-value --secret-id <arn>'
    " --secret-string file:///dev/stdin"
)
#: The form that Secrets Manager's own rotation for RDS keeps, with libpq's words for its keys:
#: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
_RDS_KEYS = {
    "host": "host",
    "port": "port",
    "username": "user",
    "password": "password",
    "dbname": "dbname",
    "sslmode": "sslmode",
}


@dataclass(frozen=True)
class SecretContent:
    """What a secret says, not yet judged.

    Attributes:
        keywords: libpq's keywords with their values; none of them is empty.
        ca: CA certificates in PEM, if it has any.
    """

    keywords: Mapping[str, str] = field(repr=False)
    ca: str | None = field(default=None, repr=False)


def read_secret_text(text: str) -> SecretContent:
    """Take a secret's text apart.

    Raises:
        SecretError: it has none of the three forms, or parameters that nobody knows.
        EndpointError: it says that it leads to PgBouncer.
    """
    text = text.strip()
    content = _read_json(text) if text.startswith("{") else SecretContent(_read_url(text))
    if any(_NEVER_SENT.search(value) for value in (*content.keywords.values(), content.ca or "")):
        raise malformed("The secret has a NUL or half a character in a value.")
    return content


def malformed(what: str, hint: str = "") -> SecretError:
    """An error about a secret, with the forms that it may have.

    Args:
        what: is wrong with it.
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
    lacking = [key for key in ("host", "dbname") if not found[_RDS_KEYS[key]]]
    if len(lacking) > 1 and found["user"]:
        raise malformed(
            "The secret has a password and lacks `host` and `dbname`: it may be the one that RDS"
            " manages and rotates itself, which tells only who logs in.",
            "Make a role for backups (docs/backup-role.md) and a secret of its own, with all of"
            " them.",
        )
    return {keyword: value for keyword, value in found.items() if value}


def _url_elsewhere(document: Mapping[str, object]) -> str:
    """A hint where a URL stands under another key, as the console's form for keys has it."""
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
    """The libpq keywords of a URL, taken apart by libpq itself."""
    if not url.startswith(("postgresql://", "postgres://")):
        hint = next((hint for pattern, hint in _AROUND if pattern.match(url)), "")
        raise malformed("The secret is neither a postgresql:// URL nor a JSON object.", hint)
    rest = url.partition("://")[2]
    # A raw @ or / in a password moves the border between password and host, so that parts of the
    # password would be taken, and named, for something else.
    if _NEVER_IN_A_URL.search(url) or rest.count("@") > 1 or "@" in rest.partition("/")[2]:
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
    """Say which parameter is unknown, if it can be one.

    Unless `named`, a forgotten @ may make a part of the password look like a parameter.
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
        if named and name in _OF_OTHERS:
            theirs = [each for each in map(_name_of, query.split("&")) if each in _OF_OTHERS]
            raise SecretError(
                f"The secret's URL has parameters of {_OF_OTHERS[name]}: {', '.join(theirs)}. The"
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
