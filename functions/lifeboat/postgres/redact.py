"""Removes a password from text that others wrote: a server, a driver, a program's stderr."""

import re

import psycopg

from lifeboat.model.redact import without
from lifeboat.model.server_messages import truncate, without_values
from lifeboat.model.text import line
from lifeboat.postgres.endpoint import Endpoint

_COPY = re.compile(r"(COPY [^\n]{1,200}?), line (\d+)")


def redact(text: str, endpoint: Endpoint) -> str:
    """The text without the endpoint's password, in any spelling that `without` knows."""
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
