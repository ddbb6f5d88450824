"""Formats times, sizes and counts for people."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_MAX_NAMED = 10
_MINUTES = timedelta(minutes=90)
_HOURS = timedelta(hours=72)
_KILO = 1000
_MINUTE = 60
_HOUR = 3600
_TENFOLD = 10


def format_time(moment: datetime) -> str:
    """A time to the minute: 2026-11-22 02:00 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_age(time: timedelta) -> str:
    """A length of time in a suitable unit: 45 min, 44 h, 12 days; a negative one counts as 0."""
    time = max(time, timedelta(0))
    if time < _MINUTES:
        return f"{time // timedelta(minutes=1)} min"
    if time < _HOURS:
        return f"{time // timedelta(hours=1)} h"
    return f"{time // timedelta(days=1)} days"


def ago(moment: datetime, now: datetime) -> str:
    """The distance of a time from now: "44 h ago", or "in 44 h" if it is in the future."""
    return f"in {format_age(moment - now)}" if moment > now else f"{format_age(now - moment)} ago"


def format_duration(seconds: float) -> str:
    """A duration: 0.42 s, 31 s, 4 min 12 s, 1 h 4 min."""
    if seconds < _TENFOLD:
        return f"{seconds:.{1 if seconds >= 1 else 2}f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s".removesuffix(" 0 s")
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min".removesuffix(" 0 min")


def format_size(amount: float) -> str:
    """Bytes with a decimal prefix: 512 B, 1.5 MB, 120 GB."""
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    whole = unit == "B" or amount >= _TENFOLD
    return f"{amount:,.0f} {unit}" if whole else f"{amount:.1f} {unit}"


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 backup, 3 backups."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def join_first(items: Iterable[str], most: int = _MAX_NAMED) -> str:
    """The first `most` items, separated by commas, and the number of the rest."""
    everything = list(items)
    more = len(everything) - most
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(everything[:most]) + rest


def printable(text: str) -> str:
    """The text with control characters and other unprintable characters escaped; lines stay.

    Otherwise whoever can write a key or name a table could forge what people read.
    """
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def line(text: str) -> str:
    """The same on one line: a name from a database must not start a new line."""
    return printable(text).replace("\n", "\\n")
