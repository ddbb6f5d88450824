r"""Loads the rows of a data-only script of pg_restore in an open transaction.

The script is what `pg_restore --data-only -f -` writes: `COPY ... FROM stdin;`, the rows, a line
`\.`, and `SELECT pg_catalog.setval(...)`. Rows are loaded. Sequences are only read, because
setting a sequence isn't undone with its transaction.
"""

from collections.abc import Callable, Iterator

from lifeboat.errors import DecodeError
from lifeboat.model.inventory import Sequence
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.copy_rows import COPY_HEAD, end_of_statement, read_setval

_PIECE = 1 << 18
_END_OF_ROWS = b"\n\\.\n"


def load_rows(connection: Connection, read: Callable[[int], bytes]) -> tuple[Sequence, ...]:
    """Copy all rows of the script into their tables.

    Args:
        connection: in a transaction.
        read: returns the next bytes of the script, up to a size; empty at its end.

    Returns:
        The sequences in the script, with their values.

    Raises:
        DecodeError: the script ended inside rows or a statement.
        psycopg.Error: the server refused rows; the transaction has failed.
    """
    script = _Script(read)
    sequences: list[Sequence] = []
    while statement := script.statement():
        if COPY_HEAD.fullmatch(statement):
            with connection.cursor().copy(statement) as copy:
                for piece in script.rows():
                    copy.write(piece)
        elif sequence := read_setval(statement):
            sequences.append(sequence)
    return tuple(sequences)


class _Script:
    """Splits the script into statements and rows."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._rest = b""

    def statement(self) -> bytes:
        """The next statement or line; none at the end."""
        while not (end := end_of_statement(self._rest, 0)):
            piece = self._read(_PIECE)
            if not piece:
                return self._over()
            self._rest += piece
        found, self._rest = self._rest[:end], self._rest[end:]
        return found

    def rows(self) -> Iterator[bytes]:
        """The rows after the head of a COPY, in pieces, without their end marker."""
        self._rest = b"\n" + self._rest  # the head's own: an end marker may follow it at once
        first = True
        while (end := self._rest.find(_END_OF_ROWS)) < 0:
            keep = len(_END_OF_ROWS) - 1
            ready, self._rest = self._rest[:-keep], self._rest[-keep:]
            yield ready[1:] if first and ready else ready
            first = first and not ready
            piece = self._read(_PIECE)
            if not piece:
                raise _cut("in the rows of a table")
            self._rest += piece
        ready, self._rest = self._rest[: end + 1], self._rest[end + len(_END_OF_ROWS) :]
        yield ready[1:] if first else ready

    def _over(self) -> bytes:
        if self._rest.strip():
            raise _cut("in a statement")
        return b""


def _cut(where: str) -> DecodeError:
    return DecodeError(
        f"pg_restore's output ended {where}.", todo="Send the event again; keep the log."
    )
