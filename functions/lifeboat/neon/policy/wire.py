"""Ids and times in the form that Neon's API takes."""

import re
from datetime import datetime

from lifeboat.errors import RefusedError
from lifeboat.model.utc import in_utc

_ID = re.compile(r"[a-z0-9-]{1,60}", re.ASCII)


def identifier(value: str) -> str:
    """The same, if it is an id and so is safe as a part of a path.

    Raises:
        RefusedError: it isn't one. It is not quoted: it may be a key in the wrong place.
    """
    if not _ID.fullmatch(value):
        raise RefusedError(
            "What should be an id of Neon is none: it has 1 to 60 small letters, digits or"
            " hyphens.",
            todo="Copy the id from the Neon console: Settings, General, for a project's.",
        )
    return value


def path_name(name: str) -> str:
    """The same, if it can be a part of a path: whoever sends it encodes all but a name of dots.

    Raises:
        RefusedError: a client would take it for a step in the path, so another thing would be met.
    """
    if not name.strip("."):
        raise RefusedError(
            "A name that consists of dots can't be told to Neon's API.",
            todo="Rename it.",
        )
    return name


def wire_moment(moment: datetime) -> str:
    """A time as the contract wants it: 2026-11-22T09:00:00Z, with a fraction if it has one.

    Raises:
        ValueError: it has no time zone.
    """
    return in_utc(moment).isoformat().replace("+00:00", "Z")


def wire_second(moment: datetime) -> str:
    """The same in whole seconds, earlier rather than later."""
    return wire_moment(moment.replace(microsecond=0))
