"""Counts what a run reads from the database's server: providers bill and limit just that.

Nearly all of it are the rows that pg_dump reads, whose bytes the decoder sees
(`lifeboat.postgres.copy_rows`). What pg_dump asks of the catalogs nobody sees but pg_dump, so that
share is reckoned from the number of tables, by what a counting proxy saw before servers of
PostgreSQL 14 to 18.
"""

import threading

_DESCRIPTIONS = (630_000, 2_750)
"""Bytes that pg_dump, pg_dumpall and the run itself read of a database without tables, and for each
table of four columns, with its key, its sequence and its default."""

_BY_MAJOR = {14: (330_000, 4_300)}
"""The same where it is otherwise: pg_dump 14 asks about each table by itself."""


class Meter:
    """Bytes read from the server by all attempts of a run, also by those that failed.

    Threads may add to it; it can be read at any time, and after the run has failed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """What was read so far."""
        return self._bytes

    def add(self, count: int) -> None:
        """Count bytes that were read; fewer than none corrects what was counted before."""
        with self._lock:
            self._bytes += count

    def add_descriptions(self, major: int, tables: int) -> None:
        """Count what describing a database with so many tables takes, once for each attempt."""
        base, each = _BY_MAJOR.get(major, _DESCRIPTIONS)
        self.add(base + tables * each)
