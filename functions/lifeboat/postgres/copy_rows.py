r"""Counts what a data-only script of pg_restore would load, without loading it.

`pg_restore --data-only -f -` writes `COPY <table> (<columns>) FROM stdin;`, one line per row, then
a line `\.`; `SELECT pg_catalog.setval(...)` for sequences and `SELECT pg_catalog.lo_open(...)` for
large objects. COPY escapes line ends inside values, so lines are rows. Schema entries, whose
function bodies could imitate all this, aren't part of such a script.

Lines that this module doesn't understand count nothing. So a parsing mistake shows up as missing
rows and fails the backup; it can't make an incomplete backup look complete.
"""

import re
from dataclasses import dataclass, field

from lifeboat.errors import DecodeError
from lifeboat.model.identifiers import TableName, split_qualified, unquoted
from lifeboat.model.inventory import Sequence

_IDENTIFIER = rb'(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
COPY_HEAD = re.compile(
    rb"COPY (%(i)s)\.(%(i)s) (?:\(%(i)s(?:, %(i)s)*\))? FROM stdin;\n" % {b"i": _IDENTIFIER}
)
_SETVAL = re.compile(rb"SELECT pg_catalog\.setval\((E?'(?:[^']|'')+'), (-?\d+), (true|false)\);\n")
_SPANNING = {b"COPY ": b'"', b"SELECT pg_catalog.setval(": b"'"}
"""Beginnings of statements that may span lines, each with the quote that is open at a line end."""

_LARGE_OBJECT = b"SELECT pg_catalog.lo_open("
_LARGE_OBJECT_BYTES = b"SELECT pg_catalog.lowrite("
_ROW_HEADER_BYTES = 5
"""The server sends each row as one CopyData message: one byte of type and four of length, then the
text that is in the script. https://www.postgresql.org/docs/current/protocol-message-formats.html"""

END_OF_ROWS = b"\n\\.\n"
_MAX_STATEMENT_BYTES = 4 << 20  # bytes; 1,600 columns with the longest names need a tenth of it


@dataclass
class CopyRows:
    """Counts a script that is fed to it in pieces of any size; it keeps at most one piece.

    Attributes:
        rows: by table.
        sequences: with the states that they get.
        large_objects: how many there are.
        received: bytes that the server sent for this script. Without what isn't in the script:
            the tables' descriptions, and TLS, which adds about 0.3 %.
    """

    rows: dict[TableName, int] = field(default_factory=dict)
    sequences: list[Sequence] = field(default_factory=list)
    large_objects: int = 0
    received: int = 0
    _table: TableName | None = None
    _carry: bytes = b""

    def feed(self, piece: bytes) -> None:
        """Count `piece`, which continues the pieces before it.

        Raises:
            DecodeError: a statement is longer than any that pg_restore writes.
        """
        while piece:
            piece = self._in_rows(self._table, piece) if self._table else self._in_text(piece)

    def finish(self) -> None:
        """Declare the end of the script.

        Raises:
            DecodeError: it ended inside a table's rows or inside a statement.
        """
        if self._table or self._carry:
            where = f"in the rows of {'.'.join(self._table)}" if self._table else "in a statement"
            raise DecodeError(
                f"pg_restore's output ended {where}.", todo="Take the backup again; keep the log."
            )

    def _in_rows(self, table: TableName, piece: bytes) -> bytes:
        """Count rows up to the end marker; gives back what follows it."""
        carried = len(self._carry)  # its line ends are counted already
        data = self._carry + piece
        end = data.find(END_OF_ROWS)
        if end < 0:
            self._count(table, piece, len(piece))
            self._carry = data[-len(END_OF_ROWS) + 1 :]
            return b""
        # Negative when the marker began in the previous piece.
        self._count(table, data[carried : end + 1], end + 1 - carried)
        self._table, self._carry = None, b""
        return data[end + len(END_OF_ROWS) :]

    def _in_text(self, piece: bytes) -> bytes:
        """Read whole statements; gives back what follows the head of a COPY."""
        data, at = self._carry + piece, 0
        while end := end_of_statement(data, at):
            if head := COPY_HEAD.fullmatch(data, at, end):
                self._table = (unquoted(_text(head[1])), unquoted(_text(head[2])))
                self.rows.setdefault(self._table, 0)
                self._carry = b"\n"  # the head's own: an end marker may follow it at once
                return data[end:]
            self._note(data, at, end)
            at = end
        self._carry = data[at:]
        if len(self._carry) > _MAX_STATEMENT_BYTES:
            raise DecodeError(
                f"pg_restore wrote a statement of more than {_MAX_STATEMENT_BYTES} bytes.",
                todo="Take the backup again; if it repeats, report the table's definition.",
            )
        return b""

    def _count(self, table: TableName, rows: bytes, size: int) -> None:
        lines = _line_ends(rows)
        self.rows[table] += lines
        self.received += size + lines * _ROW_HEADER_BYTES

    def _note(self, data: bytes, at: int, end: int) -> None:
        if setval := _SETVAL.fullmatch(data, at, end):
            self.sequences.append(_sequence(setval))
        elif data.startswith(_LARGE_OBJECT, at):
            self.large_objects += 1
        elif data.startswith(_LARGE_OBJECT_BYTES, at):
            self.received += (end - at) // 2  # two digits for each byte that was sent


def _line_ends(rows: bytes) -> int:
    """How many line ends there are.

    `bytes.replace` searches with memchr, `bytes.count` looks at every byte: this takes a quarter of
    its time.
    """
    return len(rows) - len(rows.replace(b"\n", b""))


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
