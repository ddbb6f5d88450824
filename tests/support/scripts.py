r"""Scripts of rows: what is in one, read whole and slowly; and a program that writes one.

The reading shares nothing with the counter in C but the expressions that say what a statement is.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from lifeboat.model.identifiers import TableName, unquoted
from lifeboat.model.inventory import Sequence
from lifeboat.postgres.copy_rows import COPY_HEAD, CopyRows, end_of_statement, read_setval
from lifeboat.postgres.native_counter import COUNTING, NAME
from tests.support.counting import counter_only
from tests.support.digest_reference import MODULUS, digest_of

_OPENED = re.compile(rb"SELECT pg_catalog\.lo_open\('(\d+)', \d+\);\n")
_COLUMN = re.compile(rb'[a-z_][a-z0-9_]*|"(?:[^"]|"")+"')

WRITER = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.fdopen.restype = ctypes.c_void_p
libc.fwrite.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
stream = libc.fdopen(os.dup(1), b"wb")
script = sys.stdin.buffer.read()
sizes = list(map(int, sys.argv[1:])) or [1 << 16]
turn = 0
while script:
    piece, script = script[:sizes[turn % len(sizes)]], script[sizes[turn % len(sizes)]:]
    if libc.fwrite(piece, 1, len(piece), stream) != len(piece):
        sys.exit(os.strerror(ctypes.get_errno()))
    turn += 1
libc.fclose(ctypes.c_void_p(stream))
"""
"""A program that writes its input as pg_restore writes a script: by fwrite() to a stream of its own
to standard output, in pieces of the sizes that are its arguments, again and again."""


@dataclass
class Read:
    """What is in a script: what CopyRows says of it, and how it ends."""

    rows: dict[TableName, int] = field(default_factory=dict)
    digests: dict[TableName, str] = field(default_factory=dict)
    sequences: list[Sequence] = field(default_factory=list)
    large_objects: int = 0
    ends: str = ""

    @classmethod
    def of(cls, counted: CopyRows, ends: str) -> "Read":
        """What a counter has found."""
        return cls(counted.rows, counted.digests, counted.sequences, counted.large_objects, ends)


def read_slowly(script: bytes) -> Read:
    """Read a whole script, without writes to large objects."""
    read, at = Read(), 0
    while end := end_of_statement(script, at):
        statement, at = script[at:end], end
        if head := COPY_HEAD.fullmatch(statement):
            table = unquoted(_text(head[1])), unquoted(_text(head[2]))
            lines, ended, _ = (b"\n" + script[at:]).partition(b"\n\\.\n")
            if not ended:
                read.ends = "in the rows"
                return read
            at += len(lines) - 1 + len(ended)
            _add(read, table, _COLUMN.findall(head[3] or b""), lines)
        elif sequence := read_setval(statement):
            read.sequences.append(sequence)
        else:
            read.large_objects += bool(_OPENED.fullmatch(statement))
    read.ends = "in a statement" if at < len(script) else ""
    return read


def written_by_a_program(
    script: bytes,
    *sizes: int,
    library: str | None = None,
    counting: bool = True,
    fails: bool = False,
) -> bytes:
    """What comes out of a program that writes a script while the counter is in it.

    Args:
        script: what it writes.
        sizes: of its pieces.
        library: the counter; default the one beside the programs.
        counting: whether it is asked to count.
        fails: whether the counter refuses some of it, so that the program can't write it.
    """
    done = subprocess.run(
        [sys.executable, "-ISc", WRITER, *map(str, sizes)],
        input=script,
        env={
            "LD_PRELOAD": library or str(counter_only().root / NAME),
            **(COUNTING if counting else {}),
        },
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == ((1, b"Message too long\n") if fails else (0, b""))
    return done.stdout


def _add(read: Read, table: TableName, names: Iterable[bytes], lines: bytes) -> None:
    rows = [line.split(b"\t") for line in lines.split(b"\n")[1:]]
    columns = [unquoted(_text(name)) for name in names]
    digest = int(digest_of(columns, rows), 16) + int(read.digests.get(table, "0"), 16)
    read.rows[table] = read.rows.get(table, 0) + len(rows)
    read.digests[table] = f"{digest % MODULUS:032x}"


def _text(script: bytes) -> str:
    return script.decode(errors="surrogateescape")
