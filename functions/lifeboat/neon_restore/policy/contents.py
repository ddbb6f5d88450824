"""What is in the databases of a branch, as far as two branches are compared by it.

All names come out of databases: they are written so that none can become a line of its own.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from lifeboat.model.inventory import Count, StoredRecord
from lifeboat.recovery.policy.attver import HOLDERS, statements_without_attver
from lifeboat.recovery.policy.compare_entries import comparable, name_of
from lifeboat.recovery.policy.entry import Entry

_MAX_NAME = 2048
"""Two names of 63 characters take half of it, all of them escaped."""
_Name = Annotated[str, Field(max_length=_MAX_NAME)]


class TableRows(StoredRecord):
    """One table that holds rows.

    Attributes:
        table: schema and name, quoted if necessary.
        rows: counted in one snapshot with those of the other tables; null if they were not counted.
        reason: why they were not counted; null if they were.
    """

    table: _Name
    rows: Count | None
    reason: str | None = None


class DatabaseContents(StoredRecord):
    """One database of a branch.

    Attributes:
        database: its name on the server.
        tables: with their rows.
        definitions: digests of the definitions, by kind and name, such as `TABLE public.users`;
            several may share a name. Null if they were not read.
        problem: why the database, or its definitions, could not be read; null if they were.
    """

    database: _Name
    tables: tuple[TableRows, ...] = ()
    definitions: dict[str, tuple[str, ...]] | None = None
    problem: str | None = None


def digests(entries: Iterable[Entry]) -> Mapping[str, tuple[str, ...]]:
    """The definitions in a dump: what each is called, and a digest of its text and owner."""
    found: dict[str, list[str]] = {}
    for each in comparable(entries, owners=True):
        found.setdefault(name_of(each)[:_MAX_NAME], []).append(_digest(each))
    return {name: tuple(sorted(each)) for name, each in found.items()}


def _digest(entry: Entry) -> str:
    definition = entry.definition.encode(errors="surrogateescape")
    if entry.kind.encode() in HOLDERS:
        text = repr(statements_without_attver(definition)).encode()
    else:
        text = definition
    rest = f"\0{entry.access_method}\0{entry.owner}".encode(errors="surrogateescape")
    return hashlib.sha256(text + rest).hexdigest()[:32]
