r"""Counts what a data-only script would load, without loading it, and makes digests of it.

`pg_restore --data-only -f -` and `pg_dump --data-only` write `COPY <table> (<columns>) FROM
stdin;`, one line per row, then a line `\.`; `SELECT pg_catalog.setval(...)` for sequences; and for
large objects `SELECT pg_catalog.lo_open(...)` and their bytes in `SELECT pg_catalog.lowrite(...)`.
COPY escapes line ends inside values, so lines are rows. Schema entries, whose function bodies could
imitate all this, aren't part of such a script.

The counter in C splits the script and counts its rows (`native_counter`). Here come its events: the
statements named above, and after each head of a COPY what its rows are. On Linux the counter works
inside of the program that writes the script, elsewhere in this process. Whether a statement is the
head of a COPY is decided on both sides, and both have to agree.

Lines that aren't understood count nothing. So a parsing mistake shows up as missing
rows and fails the backup; it can't make an incomplete backup look complete.
"""

import re
from binascii import unhexlify
from collections.abc import Iterable
from ctypes import CDLL
from dataclasses import dataclass, field

from lifeboat.errors import DecodeError
from lifeboat.model.identifiers import TableName, split_qualified, unquoted
from lifeboat.model.inventory import Sequence
from lifeboat.postgres.native_counter import (
    MAX_STATEMENT_BYTES,
    Counted,
    Event,
    EventReader,
    ObjectHash,
    ScriptReader,
    sum_of,
    text_of,
)

_IDENTIFIER = rb'(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
COPY_HEAD = re.compile(
    rb"COPY (%(i)s)\.(%(i)s) (?:\((%(i)s(?:, %(i)s)*)\))? FROM stdin;\n" % {b"i": _IDENTIFIER}
)
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


@dataclass
class CopyRows:
    """Counts a script that is fed to it in pieces of any size.

    Attributes:
        counter: the library that counts rows.
        reader: of the pieces: of a script, or of the events that a program writes.
        rows: by table.
        digests: of each table's rows, whatever the order of rows and columns is.
        sequences: with the states that they get.
        large_objects: how many there are.
        received: bytes that the server sent for this script. Without what isn't in the script:
            the tables' descriptions, and TLS, which adds about 0.3 %. Of the rows that are being
            read, as far as the counter has told.
        largest_row_bytes: of the longest row's line, its end included; 0 without rows.
        largest_row_table: whose it is; None without rows.
    """

    counter: CDLL = field(compare=False)
    reader: ScriptReader | EventReader = field(compare=False)
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
    _received_of_rows: int = 0
    _object: ObjectHash | None = None
    _ended: bool = False

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
        self._take(self.reader.events(piece))

    def finish(self) -> None:
        """Declare the end of the script.

        Raises:
            DecodeError: it ended inside a table's rows or inside a statement.
        """
        self._take(self.reader.end())
        if self._table or not self._ended:
            where = f"in the rows of {'.'.join(self._table)}" if self._table else "in a statement"
            raise DecodeError(
                f"The script of rows ended {where}.", todo="Take the backup again; keep the log."
            )
        self._end_object()

    def _take(self, events: Iterable[tuple[Event, bytes]]) -> None:
        for event, content in events:
            match event:
                case _ if self._ended:
                    raise _refused("something behind its end")
                case Event.STATEMENT if not self._table:
                    self._note(content)
                case Event.ROWS if self._table:
                    self._note_rows(self._table, Counted.of(content))
                case Event.END:
                    self._ended = True
                case Event.TOO_LONG:
                    raise _refused(f"a statement of more than {MAX_STATEMENT_BYTES} bytes")
                case Event.TOO_WIDE:
                    raise _refused("a COPY of more columns than a table can have")
                case _:
                    raise _refused("a COPY that Lifeboat doesn't know")

    def _note_rows(self, table: TableName, counted: Counted) -> None:
        """Add rows to their table's: those of several partitions may be loaded into one table."""
        received = counted.size + counted.rows * _ROW_HEADER_BYTES
        self.received += received - self._received_of_rows
        self._received_of_rows = received
        if not counted.ended:
            return
        self.received -= len(_END_MARKER)
        self.rows[table] = self.rows.get(table, 0) + counted.rows
        self._sums[table] = sum_of(self._sums.get(table, 0), counted.digest)
        if counted.longest > self.largest_row_bytes:
            self.largest_row_bytes, self.largest_row_table = counted.longest, table
        self.digests[table] = text_of(self._sums[table])
        self._table, self._received_of_rows = None, 0

    def _note(self, statement: bytes) -> None:
        if head := COPY_HEAD.fullmatch(statement):
            self._table = (unquoted(_text(head[1])), unquoted(_text(head[2])))
        elif setval := _SETVAL.fullmatch(statement):
            self.sequences.append(_sequence(setval))
        elif opened := _LARGE_OBJECT.fullmatch(statement):
            self._end_object()
            self.large_objects += 1
            self._object = ObjectHash(self.counter, opened[1])
        elif statement.startswith(_LOWRITE):
            self.received += len(statement) // 2  # two digits for each byte that was sent
            self._add_to_object(_LARGE_OBJECT_BYTES.fullmatch(statement))

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


def _sequence(setval: re.Match[bytes]) -> Sequence:
    literal = setval[1]
    name = literal.removeprefix(b"E")[1:-1].replace(b"''", b"'")
    if literal.startswith(b"E"):
        name = name.replace(b"\\\\", b"\\")
    schema, own = split_qualified(_text(name))
    return Sequence(
        schema=schema, name=own, last_value=int(setval[2]), is_called=setval[3] == b"true"
    )


def _refused(what: str) -> DecodeError:
    return DecodeError(
        f"The script of rows has {what}.",
        todo="Take the backup again; if it repeats, report the table's definition.",
    )
