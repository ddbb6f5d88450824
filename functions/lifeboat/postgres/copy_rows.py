r"""Counts what a data-only script would load, without loading it, and makes digests of it.

`pg_restore --data-only -f -` and `pg_dump --data-only` write `COPY <table> (<columns>) FROM
stdin;`, one line per row, then a line `\.`; `SELECT pg_catalog.setval(...)` for sequences; and for
large objects `SELECT pg_catalog.lo_open(...)` and their bytes in `SELECT pg_catalog.lowrite(...)`.
COPY escapes line ends inside values, so lines are rows. Schema entries, whose function bodies could
imitate all this, aren't part of such a script.

Lines that this module doesn't understand count nothing. So a parsing mistake shows up as missing
rows and fails the backup; it can't make an incomplete backup look complete.
"""

import re
from binascii import unhexlify
from ctypes import CDLL
from dataclasses import dataclass, field
from typing import cast

from lifeboat.errors import DecodeError
from lifeboat.model.identifiers import TableName, split_qualified, unquoted
from lifeboat.model.inventory import Sequence
from lifeboat.postgres.native_counter import ObjectHash, RowCounter, sum_of, text_of

_IDENTIFIER = rb'(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
COPY_HEAD = re.compile(
    rb"COPY (%(i)s)\.(%(i)s) (?:\((%(i)s(?:, %(i)s)*)\))? FROM stdin;\n" % {b"i": _IDENTIFIER}
)
_COLUMN = re.compile(_IDENTIFIER)
_SETVAL = re.compile(rb"SELECT pg_catalog\.setval\((E?'(?:[^']|'')+'), (-?\d+), (true|false)\);\n")
_SPANNING = {b"COPY ": b'"', b"SELECT pg_catalog.setval(": b"'"}
"""Beginnings of statements that may span lines, each with the quote that is open at a line end."""

_LARGE_OBJECT = re.compile(rb"SELECT pg_catalog\.lo_open\('(\d+)', \d+\);\n")
_LOWRITE = b"SELECT pg_catalog.lowrite("
_LARGE_OBJECT_BYTES = re.compile(
    rb"SELECT pg_catalog\.lowrite\(0, E?'\\{1,2}x((?:[0-9a-f]{2})*)'\);\n"
)
_ROW_HEADER_BYTES = 5
"""The server sends each row as one CopyData message: one byte of type and four of length, then the
text that is in the script. https://www.postgresql.org/docs/current/protocol-message-formats.html"""

_END_MARKER = b"\\.\n"
_MAX_STATEMENT_BYTES = 4 << 20  # bytes; 1,600 columns with the longest names need a tenth of it


@dataclass
class CopyRows:
    """Counts a script that is fed to it in pieces of any size; it keeps at most one piece.

    Attributes:
        counter: the library that counts rows.
        rows: by table.
        digests: of each table's rows, whatever the order of rows and columns is.
        sequences: with the states that they get.
        large_objects: how many there are.
        received: bytes that the server sent for this script. Without what isn't in the script:
            the tables' descriptions, and TLS, which adds about 0.3 %.
        largest_row_bytes: of the longest row's line, its end included; 0 without rows.
        largest_row_table: whose it is; None without rows.
    """

    counter: CDLL
    rows: dict[TableName, int] = field(default_factory=dict)
    digests: dict[TableName, str] = field(default_factory=dict)
    sequences: list[Sequence] = field(default_factory=list)
    large_objects: int = 0
    received: int = 0
    largest_row_bytes: int = 0
    largest_row_table: TableName | None = None
    _sums: dict[TableName, int] = field(default_factory=dict)
    _objects_sum: int = 0
    _table: TableName | None = None
    _counting: RowCounter | None = None
    _object: ObjectHash | None = None
    _carry: bytes = b""

    @property
    def large_objects_digest(self) -> str:
        """Of the numbers and bytes of all large objects."""
        return text_of(self._objects_sum)

    def feed(self, piece: memoryview) -> None:
        """Count `piece`, which continues the pieces before it.

        Args:
            piece: of a buffer that can be written to; it may be used for the next piece.

        Raises:
            DecodeError: it has a statement that pg_restore never writes.
        """
        while piece:
            counting = self._counting
            piece = self._in_rows(counting, piece) if counting else self._in_text(piece)

    def finish(self) -> None:
        """Declare the end of the script.

        Raises:
            DecodeError: it ended inside a table's rows or inside a statement.
        """
        if self._table or self._carry:
            where = f"in the rows of {'.'.join(self._table)}" if self._table else "in a statement"
            raise DecodeError(
                f"The script of rows ended {where}.", todo="Take the backup again; keep the log."
            )
        self._end_object()

    def _in_rows(self, counting: RowCounter, piece: memoryview) -> memoryview:
        """Count rows up to the end marker; gives back what follows it."""
        before = counting.rows
        size = counting.feed(piece)
        self.received += size + (counting.rows - before) * _ROW_HEADER_BYTES
        if counting.ended:
            self._end_rows(counting)
        return piece[size:]

    def _begin_rows(self, head: re.Match[bytes]) -> None:
        self._table = (unquoted(_text(head[1])), unquoted(_text(head[2])))
        self._counting = RowCounter(self.counter, map(_column, _COLUMN.findall(head[3] or b"")))

    def _end_rows(self, counting: RowCounter) -> None:
        """Add rows to their table's: those of several partitions may be loaded into one table."""
        table = cast("TableName", self._table)
        self.received -= len(_END_MARKER)
        self.rows[table] = self.rows.get(table, 0) + counting.rows
        self._sums[table] = sum_of(self._sums.get(table, 0), counting.digest)
        if counting.longest > self.largest_row_bytes:
            self.largest_row_bytes, self.largest_row_table = counting.longest, table
        self.digests[table] = text_of(self._sums[table])
        self._table = self._counting = None

    def _in_text(self, piece: memoryview) -> memoryview:
        """Read whole statements; gives back what follows the head of a COPY."""
        before, at = len(self._carry), 0
        data, self._carry = b"".join((self._carry, piece)), b""
        while end := end_of_statement(data, at):
            if head := COPY_HEAD.fullmatch(data, at, end):
                self._begin_rows(head)
                return piece[end - before :]
            self._note(data, at, end)
            at = end
        self._carry = data[at:]
        if len(self._carry) > _MAX_STATEMENT_BYTES:
            raise DecodeError(
                f"The script of rows has a statement of more than {_MAX_STATEMENT_BYTES} bytes.",
                todo="Take the backup again; if it repeats, report the table's definition.",
            )
        return piece[len(piece) :]

    def _note(self, data: bytes, at: int, end: int) -> None:
        if setval := _SETVAL.fullmatch(data, at, end):
            self.sequences.append(_sequence(setval))
        elif opened := _LARGE_OBJECT.fullmatch(data, at, end):
            self._end_object()
            self.large_objects += 1
            self._object = ObjectHash(self.counter, opened[1])
        elif data.startswith(_LOWRITE, at):
            self.received += (end - at) // 2  # two digits for each byte that was sent
            self._add_to_object(_LARGE_OBJECT_BYTES.fullmatch(data, at, end))

    def _add_to_object(self, written: re.Match[bytes] | None) -> None:
        """Add bytes to the large object; any that were not understood would never be missed."""
        if not (written and self._object):
            raise DecodeError(
                "The script writes to a large object in a way that Lifeboat doesn't know.",
                todo="Use a version of Lifeboat that knows this version of PostgreSQL's programs.",
            )
        self._object.add(unhexlify(written[1]))

    def _end_object(self) -> None:
        if self._object:
            self._objects_sum = sum_of(self._objects_sum, self._object.value)
            self._object = None


def read_setval(statement: bytes) -> Sequence | None:
    """The sequence whose state a statement sets; None if it is another statement."""
    setval = _SETVAL.fullmatch(statement)
    return _sequence(setval) if setval else None


def end_of_statement(data: bytes, at: int) -> int:
    """Where the line or spanning statement at `at` ends (exclusive); 0: not in these bytes."""
    quote = next((q for head, q in _SPANNING.items() if data.startswith(head, at)), None)
    end = data.find(b"\n", at) + 1
    while quote and end and data.count(quote, at, end) % 2:
        end = data.find(b"\n", end) + 1
    return end


def _text(script: bytes) -> str:
    return script.decode(errors="surrogateescape")


def _column(quoted: bytes) -> bytes:
    return unquoted(_text(quoted)).encode(errors="surrogateescape")


def _sequence(setval: re.Match[bytes]) -> Sequence:
    literal = setval[1]
    name = literal.removeprefix(b"E")[1:-1].replace(b"''", b"'")
    if literal.startswith(b"E"):
        name = name.replace(b"\\\\", b"\\")
    schema, own = split_qualified(_text(name))
    return Sequence(
        schema=schema, name=own, last_value=int(setval[2]), is_called=setval[3] == b"true"
    )
