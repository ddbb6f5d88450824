"""How much memory a function needs for a database's largest row.

Rows stream through, but each is in memory whole: in the programs that read it and, in a drill, in
the server that stores it. So memory doesn't grow with the database, but with its largest row.

Measured (the peak of all processes together, 10^6 bytes; PSS every 20 ms; x86_64). A bytea has two
digits for each byte, and the row is what COPY writes, so it is twice as large as the value:

| PostgreSQL | rows | backup | drill |
|---|---|---:|---:|
| 18 | one, of a byte | 90 | 168 |
| 18 | one text of 50 MB | 181 | 412 |
| 18 | one text of 200 MB | 482 | 1,170 |
| 18 | one bytea of 50 MB, 100 as text | 284 | 554 |
| 18 | one bytea of 200 MB, 400 as text | 884 | 1,767 |
| 18 | four texts of 140 MB that pglz compresses | 411 | 1,427 |
| 18 | four texts of 140 MB, not compressed | 431 | 1,397 |
| 18 | four bytea of 70 MB, 140 as text | 428 | 1,090 |
| 18 | two tables, each with two texts of 140 MB | 439 | 1,811 |
| 14 | one, of a byte | 80 | 147 |
| 14 | one text of 200 MB | 482 | 1,142 |
| 14 | one bytea of 200 MB, 400 as text | 881 | 1,739 |
| 14 | four texts of 140 MB that pglz compresses | 517 | 1,329 |

A backup needs what pg_dump needs: libpq's buffer, which doubles from 16 KiB until it holds the row,
and a copy of the row. Where the server is faster than pg_dump, the buffer fills with the next row
too: 268 and 140 MB in the last line. In a drill the server needs more, most when several rows are
read back to be compared. Where two workers load such rows of two tables at the same time it is
eleven times the row, which is within the share that is warned at.
"""

from dataclasses import dataclass
from math import ceil
from typing import Literal

from lifeboat.model.text import format_size
from lifeboat.settings.function_size import MAX_MEMORY_MB

_MIB = 1 << 20
_STEP_MB = 512
_WARNING_SHARE = 0.8

type Function = Literal["backup", "drill"]

_BASE_MB: dict[Function, int] = {"backup": 150, "drill": 300}
"""Everything else: of a backup also the parts in flight, which are larger where nothing can be
compressed; of a drill also the server's shared buffers, once they are full."""

_DRILL_ROWS = 9
"""How many times a drill has the row in memory at once: eight were measured, with a buffer of libpq
that was not full."""

_FIRST_BUFFER_BYTES = 16_384


@dataclass(frozen=True, kw_only=True)
class RowMemory:
    """A function whose memory is used up, or nearly, by the largest row.

    Attributes:
        needed_mb: of memory, for everything.
        memory_mb: that the function has.
        setting: that gives it more.
        fact: the figures, in sentences.
        advice: what to do, in order.
    """

    needed_mb: int
    memory_mb: int
    setting: str
    fact: str
    advice: tuple[str, ...]

    @property
    def warning(self) -> str:
        """All of it, for an answer."""
        return f"{self.fact} {' '.join(self.advice)}"


def needed_mb(function: Function, row_bytes: int) -> int:
    """MB of memory (2^20 bytes) that a function may need, by its largest row.

    Args:
        function: whose.
        row_bytes: of the largest row, as COPY writes it.
    """
    rows = row_bytes * _DRILL_ROWS if function == "drill" else row_bytes + _buffer(row_bytes)
    return _BASE_MB[function] + ceil(rows / _MIB)


def _buffer(row_bytes: int) -> int:
    """Bytes of libpq's buffer for a message of that size (pqCheckInBufferSpace in fe-misc.c)."""
    size = _FIRST_BUFFER_BYTES
    while size < row_bytes:
        size *= 2
    return size


def row_memory(
    function: Function, memory_mb: int, row_bytes: int | None, table: str | None
) -> RowMemory | None:
    """What a person should know of the memory for the largest row; None if there is plenty.

    Args:
        function: whose.
        memory_mb: that it has.
        row_bytes: of the largest row, as COPY writes it; None if unknown.
        table: whose row it is, quoted where needed.
    """
    needed = needed_mb(function, row_bytes or 0)
    if not row_bytes or needed <= memory_mb * _WARNING_SHARE:
        return None
    setting = f"{function}.memory_mb"
    enough = min(ceil(needed / _WARNING_SHARE / _STEP_MB) * _STEP_MB, MAX_MEMORY_MB)
    larger = f"Raise {setting} to {enough} in lifeboat.toml, then make deploy."
    smaller = (
        "Store such a value elsewhere or in several rows, or leave the table's rows out"
        " (exclude_table_data)."
    )
    return RowMemory(
        needed_mb=needed,
        memory_mb=memory_mb,
        setting=setting,
        fact=f"The largest row, in {table}, has {format_size(row_bytes)} as text. A {function}"
        f" needs up to {needed:,} MB of memory for it, and its function has {memory_mb:,} MB."
        " Without enough memory, Lambda or the kernel ends the run.",
        advice=(larger, f"Or: {smaller}") if needed <= enough else (smaller,),
    )
