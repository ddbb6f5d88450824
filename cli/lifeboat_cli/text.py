"""Text for terminals: sizes, ages and times, and names that can't control the terminal."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"(-|[0-9]+\.) ")
"""How an item of a list begins."""

_KILO = 1000
_TEN = 10
_MINUTE, _HOUR = 60, 3600
_MINUTES, _HOURS = timedelta(minutes=90), timedelta(hours=72)
NONE = "-"
"""What stands in a table where there is nothing."""


def safe(text: object) -> str:
    """The text with whatever could control a terminal escaped; lines stay lines.

    Names, labels and messages may come out of a database, and so from anybody: escape sequences
    (ESC), control characters and characters that reverse the direction of text are none of them
    printable in Python's sense.
    """
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in str(text)
    )


def safe_line(text: object) -> str:
    """The same on one line."""
    return safe(text).replace("\n", "\\n")


def shortened(text: str, width: int) -> str:
    """The text, cut where it is longer than that."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def folded(line: str, width: int) -> str:
    """A sentence on as many lines as the terminal needs, below its own beginning."""
    indent = " " * (len(line) - len(line.lstrip(" !-0123456789.")))
    wrapper = textwrap.TextWrapper(
        width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(wrapper.wrap(line))


def paragraphs(markdown: str) -> Iterator[tuple[str, bool]]:
    """The lines of a page, those of a sentence joined; and whether each may be folded.

    Args:
        markdown: with fences, lists and tables.
    """
    fenced, joined = False, ""
    for line in markdown.rstrip("\n").splitlines():
        start = line.lstrip()
        mark = start.startswith("```")
        prose = bool(start) and not (fenced or mark or start.startswith(("|", "#", "<")))
        if prose and joined and not _ITEM.match(start):
            joined += f" {start}"
            continue
        if joined:
            yield joined, True
        joined = line if prose else ""
        if not prose:
            yield line, False
        fenced ^= mark
    if joined:
        yield joined, True


def size(amount: float | None) -> str:
    """Bytes with a decimal prefix: 512 B, 1.5 MB, 120 GB."""
    if amount is None:
        return NONE
    unit = "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < _KILO:
            break
        amount, unit = amount / _KILO, larger
    return f"{amount:,.0f} {unit}" if unit == "B" or amount >= _TEN else f"{amount:.1f} {unit}"


def duration(seconds: float) -> str:
    """A duration: 0.4 s, 31 s, 4 min 12 s, 1 h 4 min."""
    if seconds < _TEN:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def clock(seconds: float) -> str:
    """A duration that is still growing: 0:38, 12:05, 1:02:05."""
    whole = int(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02}"
    return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02}:{whole % _MINUTE:02}"


def age(time: timedelta) -> str:
    """A length of time in a suitable unit: 45 min, 44 h, 12 days."""
    time = max(time, timedelta(0))
    if time < _MINUTES:
        return f"{time // timedelta(minutes=1)} min"
    if time < _HOURS:
        return f"{time // timedelta(hours=1)} h"
    return f"{time // timedelta(days=1)} days"


def parse_time(text: str) -> datetime:
    """A time of an answer, in UTC."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc)


def from_milliseconds(moment: int) -> str:
    """A time of CloudWatch, to the minute, as `minute` has it."""
    return f"{datetime.fromtimestamp(moment / 1000, timezone.utc):%Y-%m-%d %H:%M}"


def minute(text: str | None) -> str:
    """A time of an answer, to the minute: 2026-11-22 02:00. The table's heading says UTC."""
    return f"{parse_time(text):%Y-%m-%d %H:%M}" if text else NONE


def plural(count: int, noun: str) -> str:
    """A count with its noun: 1 backup, 3 backups."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
