"""Compares the rows in an archive with the rows in the snapshot: they must be equal.

What only the archive tells goes into the inventory: digests, and the states of sequences.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from lifeboat.errors import RowsDifferError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory, Sequence, Table

_MAX_NAMED = 10

type CountSource = Literal["snapshot", "manifest"]


class Counted(Protocol):
    """What a decoder counted in an archive."""

    @property
    def rows(self) -> Mapping[TableName, int]:
        """Rows by (schema, name); a table without data in the archive is not included."""

    @property
    def large_objects(self) -> int:
        """The number of large objects."""


class CountedContent(Counted, Protocol):
    """What a decoder counted, with all that only the archive tells."""

    @property
    def digests(self) -> Mapping[TableName, str]:
        """Digests of the same tables' rows."""

    @property
    def large_objects_digest(self) -> str:
        """Of all large objects."""

    @property
    def sequences(self) -> Iterable[Sequence]:
        """With the states that they get."""


@dataclass(frozen=True)
class Difference:
    """One table whose rows in the archive differ from the snapshot or the manifest.

    Attributes:
        schema: of the table.
        name: of the table.
        expected: rows that must be in the archive; None if it must have no data of the table,
            because the settings exclude it or the snapshot has no such table.
        archive: rows in the archive; None if it has no data of the table.
        excluded: the settings exclude its data.
        source: what the archive is compared with: the snapshot, or the manifest.
    """

    schema: str
    name: str
    expected: int | None
    archive: int | None
    excluded: bool = False
    source: CountSource = "snapshot"

    def __str__(self) -> str:
        """In words, such as: public.users: 7 rows in the snapshot, 6 in the archive."""
        return f"{qualified(self.schema, self.name)}: {self._says()}"

    def _says(self) -> str:
        if self.excluded:
            return f"excluded by the settings, {self.archive} rows in the archive"
        if self.expected is None:
            return f"not in the {self.source}, {self.archive} rows in the archive"
        if self.archive is None:
            return f"{self.expected} rows in the {self.source}, not in the archive"
        return f"{self.expected} rows in the {self.source}, {self.archive} in the archive"


def compare_rows(
    tables: Iterable[Table],
    decoded: Mapping[TableName, int],
    source: CountSource = "snapshot",
) -> list[Difference]:
    """Every table whose rows differ, sorted by name; empty if all are equal.

    Args:
        tables: those of the snapshot.
        source: where `tables` come from.
        decoded: rows by (schema, name) of the tables with data in the archive. An empty table must
            be included: pg_dump writes an entry for it, so a table without an entry is missing.
    """
    expected = {(table.schema, table.name): table for table in tables}
    return [
        replace(difference, source=source)
        for name in sorted(expected.keys() | decoded.keys())
        if (difference := _difference(name, expected.get(name), decoded.get(name)))
    ]


def with_decoded_rows(
    inventory: Inventory, names: Collection[TableName], counted: Counted
) -> Inventory:
    """The inventory, with what the archive holds of these tables as their rows.

    Args:
        inventory: in which they have no rows.
        names: tables that only the archive tells the rows of.
        counted: what was decoded. A table that isn't in it keeps its 0 rows, and so is missed.
    """
    tables = tuple(
        replace(table, rows=counted.rows.get((table.schema, table.name), 0))
        if (table.schema, table.name) in names
        else table
        for table in inventory.tables
    )
    return inventory.model_copy(update={"tables": tables})


def require_same(inventory: Inventory, counted: Counted) -> None:
    """Check that an archive has exactly the rows of the snapshot.

    Raises:
        RowsDifferError: it does not; names the first tables and counts the rest.
    """
    problems = [str(each) for each in compare_rows(inventory.tables, counted.rows)]
    expected = inventory.large_objects
    if counted.large_objects != expected:
        problems.append(
            f"large objects: {expected} in the snapshot, {counted.large_objects} in the archive"
        )
    if problems:
        more = len(problems) - _MAX_NAMED
        rest = f"; and {more} more" if more > 0 else ""
        raise RowsDifferError(
            f"The archive is not what the snapshot held: {'; '.join(problems[:_MAX_NAMED])}{rest}.",
            todo="Invoke the function again. If the same tables differ again, keep the log and"
            " report it with these tables' definitions.",
        )


def different_content(inventory: Inventory, counted: CountedContent) -> list[str]:
    """A sentence for each table whose digest in the archive isn't the manifest's; else none.

    Args:
        inventory: of the manifest; what it has no digest of is not compared.
        counted: in the archive, with the manifest's numbers of rows.
    """
    different = [
        f"{qualified(table.schema, table.name)}: other rows in the archive than in the manifest"
        for table in inventory.tables
        if table.digest not in {None, counted.digests.get((table.schema, table.name))}
    ]
    if inventory.large_objects_digest not in {None, counted.large_objects_digest}:
        different.append("large objects: others in the archive than in the manifest")
    return different


def with_content(inventory: Inventory, counted: CountedContent) -> Inventory:
    """The snapshot's inventory with what was found in its archive, which has the same rows."""
    return inventory.model_copy(
        update={
            "tables": tuple(
                replace(table, digest=counted.digests.get((table.schema, table.name)))
                for table in inventory.tables
            ),
            "sequences": tuple(counted.sequences),
            "large_objects_digest": counted.large_objects_digest,
        }
    )


def _difference(name: TableName, table: Table | None, decoded: int | None) -> Difference | None:
    excluded = table is not None and table.data_excluded
    expected = None if table is None or excluded else table.rows
    return None if expected == decoded else Difference(*name, expected, decoded, excluded=excluded)
