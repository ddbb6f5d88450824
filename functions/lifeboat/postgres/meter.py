"""Counts the bytes that a run reads from the database's server: providers bill and limit these.

Nearly all of them are the rows that pg_dump reads, and the decoder sees their bytes
(`lifeboat.postgres.copy_rows`). Only pg_dump sees what it reads of the catalogs, so that share is
estimated from the number of tables. The constants were measured by a counting proxy in front of
PostgreSQL 14 to 18.
"""

import threading

_DESCRIPTIONS = (630_000, 2_750)
"""Bytes that pg_dump, pg_dumpall and the run itself read of a database without tables, and further
bytes for each table of four columns with a key, a sequence and a default."""

_BY_MAJOR = {14: (330_000, 4_300)}
"""Exceptions by major: pg_dump 14 runs queries for each single table."""


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
        """Count bytes that were read; a negative number corrects an earlier count."""
        with self._lock:
            self._bytes += count

    def add_descriptions(self, major: int, tables: int) -> None:
        """Count the catalog reads of one attempt for a database with so many tables."""
        base, each = _BY_MAJOR.get(major, _DESCRIPTIONS)
        self.add(base + tables * each)
