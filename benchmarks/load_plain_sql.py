"""Loads a plain dump into a database, as `psql` does.

`gunzip -c FILE | python -m benchmarks.load_plain_sql` is how it is called.
psql itself needs GNU readline and isn't among our programs. This knows just enough of a script of
pg_dump's to run it: statements one at a time, and the rows of COPY passed on as they are.
"""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

import psycopg

_END_OF_ROWS = b"\n\\.\n"
_PIECE = 1 << 20


def main() -> None:
    """Load standard input into the database that DATABASE_URL and COPY_DATABASE name."""
    target = os.environ["COPY_DATABASE"]
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=target, autocommit=True) as connection:
        script = Script(sys.stdin.buffer)
        while statement := script.statement():
            if statement.endswith(b" FROM stdin;\n"):
                with connection.cursor().copy(statement.rstrip(b";\n")) as copy:
                    for rows in script.rows():
                        copy.write(rows)
            else:
                connection.execute(statement)


class Script:
    """A script of pg_dump's, read in pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = b""

    def statement(self) -> bytes:
        """The next statement with its line end; empty at the end of the script."""
        lines: list[bytes] = []
        while line := self._line():
            if not lines and (line.isspace() or line.startswith((b"--", b"\\"))):
                continue
            lines.append(line)
            whole = b"".join(lines)
            closed = whole.count(b"$$") % 2 == 0 and whole.count(b"$_$") % 2 == 0
            if line.endswith(b";\n") and closed:
                return whole
        return b"".join(lines)

    def rows(self) -> Iterator[bytes]:
        """The rows of a COPY in pieces, up to their end marker, which is taken too."""
        self._data = b"\n" + self._data  # no rows at all: the marker begins the first line
        first = 1
        while (end := self._data.find(_END_OF_ROWS)) < 0:
            kept = len(self._data) - len(_END_OF_ROWS)
            if kept > first:
                yield self._data[first:kept]
                self._data, first = self._data[kept:], 0
            self._more()
        yield self._data[first : end + 1]
        self._data = self._data[end + len(_END_OF_ROWS) :]

    def _line(self) -> bytes:
        while (end := self._data.find(b"\n")) < 0:
            if not self._more():
                last, self._data = self._data, b""
                return last
        line, self._data = self._data[: end + 1], self._data[end + 1 :]
        return line

    def _more(self) -> bool:
        piece = self._file.read(_PIECE)
        self._data += piece
        return bool(piece)


if __name__ == "__main__":
    main()
