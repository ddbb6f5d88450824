"""Reads definitions in an archive of pg_dump's custom format, and edits them in place.

Such a file begins with a header and a table of contents, in which each entry has its definition as
SQL. Rows and large objects follow, at offsets from the beginning of the file, so a definition can
only be replaced by one of the same length. PostgreSQL's pg_backup_archiver.c writes the format
(`WriteHead` and `WriteToc`).
"""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import DecodeError
from lifeboat.recovery.policy.entry import Entry

_MAGIC, _CUSTOM = b"PGDMP", 1
_MIN_VERSION, _MAX_VERSION = (1, 14), (1, 16)
"""Versions of the format; pg_dump 14 to 18 write these."""

_DATES = 7


@dataclass
class _Reader:
    """Reads the numbers and strings of an archive's header and table of contents, in order."""

    data: bytes | mmap.mmap
    at: int = 0
    integer: int = 4

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """A byte for the sign, then the value, its lowest byte first."""
        start = self.at + 1
        self.at = start + self.integer
        value = int.from_bytes(self.data[start : self.at], "little")
        return -value if self.data[start - 1] else value

    def string(self) -> slice | None:
        """Where the next string is; None where none was written."""
        length = self.number()
        if length < 0:
            return None
        start = self.at
        self.at += length
        if self.at > len(self.data):
            raise IndexError
        return slice(start, self.at)


@dataclass(frozen=True)
class _EntryOffsets:
    """An entry's number, and the positions of its strings in the file."""

    number: int
    kind: slice | None
    schema: slice | None
    tag: slice | None
    owner: slice | None
    access_method: slice | None
    definition: slice | None


def read_entries(archive: Path) -> tuple[Entry, ...]:
    """All entries of an archive's table of contents, in order.

    Args:
        archive: the file.

    Raises:
        DecodeError: the table of contents is damaged, or of an unknown version.
    """
    with archive.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return entries_in(data)


def entries_in(data: bytes | mmap.mmap) -> tuple[Entry, ...]:
    """All entries of the table of contents of an archive in memory, in order.

    Raises:
        DecodeError: the table of contents is damaged, or of an unknown version.
    """

    def text(place: slice | None) -> str:
        return data[place].decode(errors="surrogateescape") if place else ""

    with _truncation_refused():
        found = tuple(
            Entry(
                number=each.number,
                kind=text(each.kind),
                schema=text(each.schema),
                tag=text(each.tag),
                owner=text(each.owner),
                access_method=text(each.access_method),
                definition=text(each.definition),
            )
            for each in _entries(data)
        )
    if not found:
        raise DecodeError(
            "The archive's table of contents can't be read: it is empty or of an unknown version.",
            todo="Deploy the Lifeboat that took this backup, or a newer one.",
        )
    return found


def edit_definitions(archive: Path, kinds: frozenset[bytes], edit: Callable[[bytes], bytes]) -> int:
    """Replace definitions. Returns how many were changed. Unknown versions are left unchanged.

    Args:
        archive: the file.
        kinds: of entries, such as TABLE.
        edit: returns a definition's replacement, which has the same length.

    Raises:
        DecodeError: the table of contents is damaged.
    """
    with (
        archive.open("r+b") as file,
        mmap.mmap(file.fileno(), 0) as data,
        _truncation_refused(),
    ):
        return sum(
            _replace(data, each.definition, edit)
            for each in _entries(data)
            if each.kind and each.definition and data[each.kind] in kinds
        )


@contextmanager
def _truncation_refused() -> Iterator[None]:
    try:
        yield
    except IndexError:
        raise DecodeError(
            "The archive's table of contents goes beyond its end.",
            todo="Use another backup, and take a new one manually.",
        ) from None


def _replace(data: mmap.mmap, place: slice, edit: Callable[[bytes], bytes]) -> bool:
    before = data[place]
    after = edit(before)
    if after == before:
        return False
    data[place] = after  # refuses another length
    return True


def _entries(data: bytes | mmap.mmap) -> Iterator[_EntryOffsets]:
    if data[: len(_MAGIC)] != _MAGIC:
        return
    reader = _Reader(data, len(_MAGIC))
    version = (reader.byte(), reader.byte())
    reader.byte()  # a revision, which changes nothing
    reader.integer, offset, format_ = reader.byte(), reader.byte(), reader.byte()
    if not _MIN_VERSION <= version <= _MAX_VERSION or format_ != _CUSTOM:
        return
    _skip_header(reader, version)
    for _ in range(reader.number()):
        yield _entry(reader, version)
        reader.at += 1 + offset


def _skip_header(reader: _Reader, version: tuple[int, int]) -> None:
    if version >= (1, 15):
        reader.byte()  # the compression
    else:
        reader.number()
    for _ in range(_DATES):
        reader.number()
    for _ in ("database", "server's version", "pg_dump's version"):
        reader.string()


def _entry(reader: _Reader, version: tuple[int, int]) -> _EntryOffsets:
    number = reader.number()
    reader.number()  # whether it has data
    for _ in ("catalog", "oid"):
        reader.string()
    tag, kind = reader.string(), reader.string()
    reader.number()  # its section
    definition = reader.string()
    for _ in ("drop", "copy"):
        reader.string()
    schema = reader.string()
    reader.string()  # its tablespace
    access_method = reader.string()
    if version >= (1, 16):
        reader.number()  # its kind of relation
    owner = reader.string()
    reader.string()  # with oids
    while reader.string():  # what it depends on
        pass
    return _EntryOffsets(number, kind, schema, tag, owner, access_method, definition)
