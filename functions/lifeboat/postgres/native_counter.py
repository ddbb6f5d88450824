"""The layers' own counter of rows: what it counts, and the digests that it makes.

It is a library in C (layers/postgres/shim/lifeboat-counter.c), since Python would take longer for
each value than pg_dump does. It lies beside the programs, in the layers as well as on the machine
of a developer.
"""

import ctypes
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lifeboat.errors import DecodeError, ProgramMissingError
from lifeboat.postgres.programs import Programs

NAME = "liblifeboat-counter.so"
"""Of the library on Linux."""

NAME_ON_MACOS = "liblifeboat-counter.dylib"

_MODULUS = 1 << 128


class Number(ctypes.Structure):
    """A number of 128 bits."""

    _fields_ = (("low", ctypes.c_uint64), ("high", ctypes.c_uint64))

    low: int
    high: int

    def __int__(self) -> int:
        """It as Python has it."""
        return self.high << 64 | self.low


class _Head(ctypes.Structure):
    """The first members of `struct rows`."""

    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sum", Number),
        ("ended", ctypes.c_uint64),
        ("longest", ctypes.c_uint64),
    )

    count: int
    sum: Number
    ended: int
    longest: int


def load_counter(programs: Programs) -> ctypes.CDLL:
    """The library that lies beside these programs.

    Raises:
        ProgramMissingError: it isn't there, or is for another kind of machine.
    """
    return _load(programs.root / (NAME_ON_MACOS if sys.platform == "darwin" else NAME))


@cache
def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ProgramMissingError(
            f"The counter of rows can't be loaded: {error}",
            todo="Build the layers and deploy again: make layers deploy",
        ) from None
    text, size = (ctypes.c_char_p, ctypes.c_size_t), ctypes.c_size_t
    library.lifeboat_rows_size.restype = library.lifeboat_hash_size.restype = size
    library.lifeboat_rows_begin.argtypes = (ctypes.c_void_p,)
    library.lifeboat_rows_column.argtypes = (ctypes.c_void_p, *text)
    library.lifeboat_rows_feed.argtypes = (ctypes.c_void_p, ctypes.c_void_p, size)
    library.lifeboat_rows_feed.restype = size
    library.lifeboat_hash_begin.argtypes = (ctypes.c_void_p, *text)
    library.lifeboat_hash_add.argtypes = (ctypes.c_void_p, *text)
    library.lifeboat_hash_end.argtypes = (ctypes.c_void_p, ctypes.POINTER(Number))
    return library


class RowCounter:
    r"""Counts what follows one `COPY ... FROM stdin;`, up to the line `\.`.

    Args:
        library: the counter.
        columns: their names, unquoted, as bytes of the script.

    Raises:
        DecodeError: there are more of them than a table can have.
    """

    def __init__(self, library: ctypes.CDLL, columns: Iterable[bytes]) -> None:
        self._feed = library.lifeboat_rows_feed
        self._state = ctypes.create_string_buffer(library.lifeboat_rows_size())
        self._head = _Head.from_buffer(self._state)
        library.lifeboat_rows_begin(self._state)
        for name in columns:
            if not library.lifeboat_rows_column(self._state, name, len(name)):
                raise DecodeError(
                    "The script has a COPY of more columns than a table can have.",
                    todo="Take the backup again; if it repeats, report the table's definition.",
                )

    def feed(self, piece: memoryview) -> int:
        """Count the next bytes. Returns how many: fewer than all when the end marker is among them.

        Without Python's lock: another thread can work meanwhile.

        Args:
            piece: not empty, and of a buffer that can be written to: ctypes gives no address of
                others.
        """
        address = ctypes.addressof(ctypes.c_char.from_buffer(piece))
        return int(self._feed(self._state, address, len(piece)))

    @property
    def ended(self) -> bool:
        """Whether the end marker has come."""
        return bool(self._head.ended)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._head.count

    @property
    def longest(self) -> int:
        """Bytes of the longest row so far, with its line end; 0 before the first row ends."""
        return self._head.longest

    @property
    def digest(self) -> int:
        """Of the rows so far, in whatever order they came."""
        return int(self._head.sum)


class ObjectHash:
    """The hash of one large object.

    Args:
        library: the counter.
        name: of the object.
    """

    def __init__(self, library: ctypes.CDLL, name: bytes) -> None:
        self._library = library
        self._state = ctypes.create_string_buffer(library.lifeboat_hash_size())
        library.lifeboat_hash_begin(self._state, name, len(name))

    def add(self, data: bytes) -> None:
        """Add its next bytes; where they are cut doesn't matter."""
        self._library.lifeboat_hash_add(self._state, data, len(data))

    @property
    def value(self) -> int:
        """Of the bytes so far."""
        out = Number()
        self._library.lifeboat_hash_end(self._state, ctypes.byref(out))
        return int(out)


def sum_of(digest: int, more: int) -> int:
    """The digest of the rows, or objects, of both."""
    return (digest + more) % _MODULUS


def text_of(digest: int) -> str:
    """As manifests have it: 32 hexadecimal digits."""
    return f"{digest:032x}"
