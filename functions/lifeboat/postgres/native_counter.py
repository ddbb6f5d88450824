"""The layers' own counter: it reads scripts of rows, counts them, and makes digests of them.

It is a library in C (layers/postgres/shim/lifeboat-counter.c), since Python would take longer for
each value than pg_dump does. It lies beside the programs, in the layers as well as on the machine
of a developer. On Linux pg_restore and pg_dump load it too: with `COUNTING` in their environment
they write the script's events in the script's place.
"""

import ctypes
import mmap
import struct
import sys
from collections.abc import Iterator, Mapping
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from lifeboat.errors import DecodeError, ProgramMissingError
from lifeboat.postgres.programs import Programs

NAME = "liblifeboat-counter.so"
"""Of the library on Linux."""

NAME_ON_MACOS = "liblifeboat-counter.dylib"

_COUNTS_IN_PROGRAMS = sys.platform == "linux"

COUNTING: Mapping[str, str] = {"LIFEBOAT_COUNTER": "events"} if _COUNTS_IN_PROGRAMS else {}
"""Environment of a program whose script is to be counted, as `reader_of_program` expects it."""

MAX_STATEMENT_BYTES = 1 << 20
"""1,600 columns with the longest names need less than half of it."""

_MODULUS = 1 << 128
_EVENT_HEAD = struct.Struct("=II")


class Number(ctypes.Structure):
    """A number of 128 bits."""

    _fields_ = (("low", ctypes.c_uint64), ("high", ctypes.c_uint64))

    low: int
    high: int

    def __int__(self) -> int:
        """It as Python has it."""
        return self.high << 64 | self.low


class Event(IntEnum):
    """What a script has, in the order in which it comes; see lifeboat-counter.h."""

    NOTHING = 0
    STATEMENT = 1
    ROWS = 2
    END = 3
    TOO_LONG = 4
    TOO_WIDE = 5


class Counted(NamedTuple):
    """The rows of one COPY, as far as they have come.

    Attributes:
        rows: how many.
        digest: of them, in whatever order they came.
        longest: bytes of the longest one, with its line end; 0 before the first one ends.
        size: bytes of all of them, with the end marker if it has come.
        ended: whether it has.
    """

    rows: int
    digest: int
    longest: int
    size: int
    ended: bool

    @classmethod
    def of(cls, event: bytes) -> Self:
        """What belongs to the event ROWS."""
        rows, low, high, longest, size, ended = struct.unpack("=6Q", event)
        return cls(rows, high << 64 | low, longest, size, bool(ended))


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
    library.lifeboat_script_size.restype = library.lifeboat_hash_size.restype = size
    library.lifeboat_script_begin.argtypes = (ctypes.c_void_p,)
    library.lifeboat_script_feed.argtypes = (ctypes.c_void_p, ctypes.c_void_p, size)
    library.lifeboat_script_feed.restype = size
    library.lifeboat_script_event.argtypes = (
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.POINTER(size),
    )
    library.lifeboat_script_is_whole.argtypes = (ctypes.c_void_p,)
    library.lifeboat_hash_begin.argtypes = (ctypes.c_void_p, *text)
    library.lifeboat_hash_add.argtypes = (ctypes.c_void_p, *text)
    library.lifeboat_hash_end.argtypes = (ctypes.c_void_p, ctypes.POINTER(Number))
    return library


class ScriptReader:
    """Reads a script that comes in pieces of any size.

    Args:
        library: the counter.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        # Zeros that take no memory before they are used.
        self._room = mmap.mmap(-1, library.lifeboat_script_size())
        self._script = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        library.lifeboat_script_begin(self._script)

    def events(self, piece: memoryview) -> Iterator[tuple[Event, bytes]]:
        """The events in the script's next piece, with what belongs to each.

        Without Python's lock: another thread can work meanwhile.

        Args:
            piece: of a buffer that can be written to: ctypes gives no address of others.
        """
        while piece:
            address = ctypes.addressof(ctypes.c_char.from_buffer(piece))
            done = self._library.lifeboat_script_feed(self._script, address, len(piece))
            piece = piece[done:]
            event, content = self._event()
            if event:
                yield event, content
            elif not done:  # it has ended badly before
                return

    def end(self) -> Iterator[tuple[Event, bytes]]:
        """The event END, if the script may end here."""
        if self._library.lifeboat_script_is_whole(self._script):
            yield Event.END, b""

    def _event(self) -> tuple[Event, bytes]:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        event = self._library.lifeboat_script_event(
            self._script, ctypes.byref(data), ctypes.byref(size)
        )
        return Event(event), ctypes.string_at(data, size.value) if event else b""


class EventReader:
    """Reads the events that a program writes in the place of its script, in pieces of any size."""

    def __init__(self) -> None:
        self._carry = b""

    def events(self, piece: memoryview) -> Iterator[tuple[Event, bytes]]:
        """The events that are whole now, with what belongs to each.

        Raises:
            DecodeError: it is something else than events.
        """
        data, at = b"".join((self._carry, piece)), 0
        while len(data) - at >= _EVENT_HEAD.size:
            kind, size = _EVENT_HEAD.unpack_from(data, at)
            if kind not in Event or size > MAX_STATEMENT_BYTES:
                raise DecodeError(
                    "A program that was to count the rows that it writes has not done so.",
                    todo="Build the layers and deploy again: make layers deploy",
                )
            begin = at + _EVENT_HEAD.size
            if len(data) - begin < size:
                break
            at = begin + size
            yield Event(kind), data[begin:at]
        self._carry = data[at:]

    def end(self) -> Iterator[tuple[Event, bytes]]:
        """None: the program has written the event END itself."""
        yield from ()


def reader_of_program(library: ctypes.CDLL) -> ScriptReader | EventReader:
    """For the output of a program of the layers with `COUNTING` in its environment."""
    return EventReader() if _COUNTS_IN_PROGRAMS else ScriptReader(library)


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
