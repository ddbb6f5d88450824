"""Connection URLs that people give: read without an echo, checked, repaired, never quoted."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlencode

from lifeboat.errors import LifeboatError, SecretError
from lifeboat.model.keys import DATABASE_NAME, is_database_name
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.postgres.pooler import repaired

ADMIN_VARIABLE = "LIFEBOAT_ADMIN_URL"
"""The environment variable with an administrator's URL."""

READING_VARIABLE = "LIFEBOAT_READING_URL"
"""That with the URL of a role for backups that exists."""

RESTORING_VARIABLE = "LIFEBOAT_RESTORING_URL"
"""That with the URL of a role for restores that exists."""

NOTHING_MADE = "Nothing was made, stored or deployed."
"""What is safe as long as only questions were asked."""

_PRIVATE = stat.S_IRWXG | stat.S_IRWXO
_SUPABASE_POOLER = ".pooler.supabase.com"


class SetupError(LifeboatError):
    """Setting up an installation can't go on."""


def read_url(text: str, whose: str) -> tuple[Endpoint, tuple[str, ...]]:
    """The direct endpoint of a URL, and what was repaired in it.

    Args:
        text: as a secret may have it; a URL as a rule.
        whose: what an error calls it.

    Raises:
        SetupError: it is none, or a dump is impossible there. No part of it is quoted.
    """
    try:
        return repaired(parse_secret(text.strip()))
    except LifeboatError as error:
        what = error.what.replace("The secret's URL", whose).replace("The secret", whose)
        advice = error.todo.split(" Then: aws ")[0]
        if isinstance(error, SecretError):
            advice = f"Correct it, and start again. {advice}"
    # Outside of `except`: a traceback must not hold the parser's own error.
    raise SetupError(what, todo=advice, safe=NOTHING_MADE)


def secret_text(endpoint: Endpoint) -> str:
    """What a secret has to hold so that functions log in there."""
    host = quote(endpoint.host, safe="@") if endpoint.host.startswith("/") else endpoint.host
    host = f"[{host}]" if ":" in host else host
    login = quote(endpoint.user, safe="")
    if endpoint.password:
        login += f":{quote(endpoint.password, safe='')}"
    asked = {"sslmode": endpoint.sslmode, **dict(endpoint.parameters)}
    if endpoint.system_ca:
        asked["sslrootcert"] = "system"
    database = quote(endpoint.database, safe="")
    query = urlencode(asked, quote_via=quote)
    url = f"postgresql://{login}@{host}:{endpoint.port}/{database}?{query}"
    return json.dumps({"url": url, "ca": endpoint.ca}) if endpoint.ca else url


def as_role(endpoint: Endpoint, role: str, password: str) -> Endpoint:
    """The same database, for another role.

    Supabase's pooler wants `<role>.<project>` for a user's name, as the administrator's has it.
    """
    _, dot, project = endpoint.user.partition(".")
    pooled = dot and endpoint.host.lower().rstrip(".").endswith(_SUPABASE_POOLER)
    user = f"{role}.{project}" if pooled else role
    return replace(endpoint, user=user, password=password)


def of_environment(variable: str) -> str | None:
    """A URL in the environment; it is taken out, so that no program started later gets it."""
    return os.environ.pop(variable, None) or None


def read_file(path: Path) -> dict[str, str]:
    """The lines NAME=URL of a file that nobody else can read.

    Empty lines and lines that begin with # are skipped.

    Raises:
        SetupError: it can't be read, others can read it, or a line is none. No URL is quoted.
    """
    try:
        if path.stat().st_mode & _PRIVATE:
            raise SetupError(
                f"{path} has passwords, and others on this machine may read it.",
                todo=f"chmod 600 {path}",
                safe=NOTHING_MADE,
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SetupError(
            f"Reading {path} failed: {reason}.",
            todo="Give a text file with one NAME=URL on each line.",
            safe=NOTHING_MADE,
        ) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, url = (part.strip() for part in line.partition("="))
        if not equals or not is_database_name(name) or name in found:
            raise SetupError(
                f"Line {number} of {path} is no NAME=URL with a name of its own.",
                todo=f"A name matches {DATABASE_NAME}; the URL follows the =.",
                safe=NOTHING_MADE,
            )
        found[name] = url
    if not found:
        raise SetupError(
            f"{path} names no database.",
            todo="Write one NAME=URL on each line.",
            safe=NOTHING_MADE,
        )
    return found
