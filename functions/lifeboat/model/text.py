"""Figures as people read them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_NAMED = 10
_MINUTES = timedelta(minutes=90)
_HOURS = timedelta(hours=72)
_KILO = 1000
_MINUTE = 60
_HOUR = 3600
_TENFOLD = 10


def at(moment: datetime) -> str:
    """A moment to the minute: 2026-11-22 02:00 UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(time: timedelta) -> str:
    """A stretch of time in the unit that fits: 45 min, 44 h, 12 days; none is negative."""
    time = max(time, timedelta(0))
    if time < _MINUTES:
        return f"{time // timedelta(minutes=1)} min"
    if time < _HOURS:
        return f"{time // timedelta(hours=1)} h"
    return f"{time // timedelta(days=1)} days"


def ago(moment: datetime, now: datetime) -> str:
    """How far a moment is from now: 44 h ago, or in 44 h when it is still to come."""
    return f"in {span(moment - now)}" if moment > now else f"{span(now - moment)} ago"


def duration(seconds: float) -> str:
    """How long something took: 0.42 s, 31 s, 4 min 12 s, 1 h 4 min."""
    if seconds < _TENFOLD:
        return f"{seconds:.{1 if seconds >= 1 else 2}f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s".removesuffix(" 0 s")
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min".removesuffix(" 0 min")


def size(amount: float) -> str:
    """Bytes with a decimal prefix: 512 B, 1.5 MB, 120 GB."""
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    whole = unit == "B" or amount >= _TENFOLD
    return f"{amount:,.0f} {unit}" if whole else f"{amount:.1f} {unit}"


def several(count: int, noun: str) -> str:
    """A count with its noun: 1 backup, 3 backups."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(items: Iterable[str], most: int = _NAMED) -> str:
    """The first few in their order, and how many more there are."""
    everything = list(items)
    more = len(everything) - most
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(everything[:most]) + rest


def printable(text: str) -> str:
    """Lines that any terminal shows as they are: what it would obey or hide is escaped.

    Whoever may write a key or name a table would otherwise have a say in what people read.
    """
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def line(text: str) -> str:
    """The same in one line: a name from a database must not begin a line of its own."""
    return printable(text).replace("\n", "\\n")
