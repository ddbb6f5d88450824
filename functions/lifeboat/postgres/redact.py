"""Removes a password from text that others wrote: a server, a driver, a program's stderr."""

import json
import re
from urllib.parse import quote

import psycopg

from lifeboat.model.server_messages import truncate, without_values
from lifeboat.model.text import line
from lifeboat.postgres.endpoint import Endpoint

MARK = "***"
_COPY = re.compile(r"(COPY [^\n]{1,200}?), line (\d+)")


def redact(text: str, endpoint: Endpoint) -> str:
    """The text without the endpoint's password, in any spelling.

    Spellings are: as it is; percent-encoded, wholly or in part, as in a URL; escaped as in JSON,
    in Python's repr, in a libpq connection string and in SQL literals. A password of one or two
    letters makes the text hard to read, and is still removed.
    """
    return without(text, endpoint.password)


def redacted_message(error: psycopg.Error, endpoint: Endpoint) -> str:
    """The message of a server or the driver, without the password and without values of rows.

    DETAIL quotes the row, and CONTEXT the line of a COPY; only table and line number are kept.
    """
    primary = error.diag.message_primary
    if primary is None:
        return redact(truncate(str(error)), endpoint).strip()
    place = _COPY.match(truncate(error.diag.context or ""))
    where = f"{place[1]}, line {place[2]}: " if place else ""
    told = without_values(truncate(primary), sqlstate=error.sqlstate)
    return redact(line(where + told), endpoint)


def without(text: str, password: str | None) -> str:
    """The text without this password, as in `redact`; unchanged when there is no password."""
    return re.sub("|".join(_spellings(password)), MARK, text) if password else text


def _spellings(password: str) -> list[str]:
    """Patterns, the longest first: a plain spelling must not leave a part of an escaped one."""
    doubled = password.replace("\\", "\\\\")
    literals = {
        json.dumps(password)[1:-1],
        json.dumps(password, ensure_ascii=False)[1:-1],
        repr(password)[1:-1],
        doubled.replace("'", "\\'"),  # connection string
        doubled.replace("'", "''"),  # E'...'
        password.replace("'", "''"),  # '...'
    }
    escaped = sorted(literals - {password}, key=len, reverse=True)
    return [*map(re.escape, escaped), _in_url(password)]


def _in_url(password: str) -> str:
    """Each character as it is or percent-encoded, digits of either case; a space also as plus."""
    return "".join(f"(?:{_encoded(char)}|{re.escape(char)})" for char in password)


def _encoded(char: str) -> str:
    # quote() leaves letters, digits and _.-~ alone, but whoever else encoded them need not have.
    code = quote(char, safe="") if not char.isascii() else f"%{ord(char):02X}"
    return f"(?i:{code})" + (r"|\+" if char == " " else "")
