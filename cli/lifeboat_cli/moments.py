"""Moments as people write them: 2026-11-22 09:00, yesterday 09:00, 3 hours ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
_DAY = re.compile(rf"(today|yesterday)(?: {_CLOCK})?")
_HOUR = re.compile(_CLOCK)
_AGO = re.compile(r"([0-9]{1,5}) ?(min|minutes?|h|hours?|d|days?) ago")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

FORMS = (
    "'2026-11-22 09:00', '2026-11-22T08:00Z', '09:00', 'yesterday 09:00', 'yesterday',"
    " '3 hours ago'"
)
"""What may be written; without a zone it is this machine's local time."""


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment that a person means, to the second, in UTC.

    Without a zone it is local time, by this machine's own zone. A day alone is its beginning.

    Args:
        text: in one of `FORMS`.
        now: with a zone.

    Raises:
        ValueError: it is none of these, or there is no such day or hour.
    """
    words = " ".join(text.lower().split())
    today = now.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    if match := _AGO.fullmatch(words):
        count = timedelta(**{_UNITS[match[2][0]]: int(match[1])})
        return _in_utc(now.replace(microsecond=0) - count)
    if match := _HOUR.fullmatch(words):
        return _in_utc(_at(today, *match.groups()))
    if match := _DAY.fullmatch(words):
        back = timedelta(days=1 if match[1] == "yesterday" else 0)
        return _in_utc(_at(today - back, *match.groups()[1:]))
    # fromisoformat of Python 3.9 knows no Z.
    return _in_utc(datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip())))


def _at(day: datetime, hour: str | None, minute: str | None, second: str | None) -> datetime:
    return day.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))


def _in_utc(moment: datetime) -> datetime:
    """In UTC; without a zone it is taken as local time."""
    return moment.astimezone(timezone.utc).replace(microsecond=0)


def said_back(moment: datetime) -> str:
    """The moment in local time with its zone, and in UTC, so that nobody has to reckon."""
    local, in_utc = moment.astimezone(), f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    if local.utcoffset() == timedelta(0):
        return in_utc
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}, which is {in_utc}"


def for_event(moment: datetime) -> str:
    """As events have it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
