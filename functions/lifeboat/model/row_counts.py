"""Equal or nothing: what was decoded from an archive against what the snapshot held."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from lifeboat.errors import RowsDifferError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory, Table

_NAMED = 10

type ClaimedBy = Literal["snapshot", "manifest"]


class Counted(Protocol):
    """What a decoder counted in an archive."""

    @property
    def rows(self) -> Mapping[TableName, int]:
        """Rows by (schema, name); a table without data in the archive isn't named."""

    @property
    def large_objects(self) -> int:
        """How many large objects."""


@dataclass(frozen=True)
class Difference:
    """One table that the archive doesn't hold as the snapshot did, or as the manifest claims.

    Attributes:
        schema: of the table.
        name: of the table.
        claimed: rows that have to be in the archive; None where no data may be in it, as the
            settings exclude it or the snapshot has no such table.
        archive: rows decoded; None where the archive has no data of it.
        excluded: the settings exclude its data.
        claimed_by: what the archive is compared with: the snapshot itself, or its manifest.
    """

    schema: str
    name: str
    claimed: int | None
    archive: int | None
    excluded: bool = False
    claimed_by: ClaimedBy = "snapshot"

    def __str__(self) -> str:
        """In words, such as: public.users: 7 rows in the snapshot, 6 in the archive."""
        return f"{qualified(self.schema, self.name)}: {self._says()}"

    def _says(self) -> str:
        if self.excluded:
            return f"excluded by the settings, {self.archive} rows in the archive"
        if self.claimed is None:
            return f"not in the {self.claimed_by}, {self.archive} rows in the archive"
        if self.archive is None:
            return f"{self.claimed} rows in the {self.claimed_by}, not in the archive"
        return f"{self.claimed} rows in the {self.claimed_by}, {self.archive} in the archive"


def compare_rows(
    tables: Iterable[Table],
    decoded: Mapping[TableName, int],
    claimed_by: ClaimedBy = "snapshot",
) -> list[Difference]:
    """Every table whose rows differ, sorted by name; an empty list is the proof.

    Args:
        tables: those of the snapshot.
        claimed_by: who tells of them, in words.
        decoded: rows by (schema, name) of the tables with data in the archive. One with no rows
            must be named too: pg_dump writes an entry also for an empty table, so a table without
            any was forgotten.
    """
    claimed = {(table.schema, table.name): table for table in tables}
    return [
        replace(difference, claimed_by=claimed_by)
        for name in sorted(claimed.keys() | decoded.keys())
        if (difference := _difference(name, claimed.get(name), decoded.get(name)))
    ]


def require_same(inventory: Inventory, counted: Counted) -> None:
    """Let pass only an archive that holds what the snapshot held.

    Raises:
        RowsDifferError: it doesn't; names the first tables and counts the rest.
    """
    problems = [str(each) for each in compare_rows(inventory.tables, counted.rows)]
    expected = inventory.counts.large_objects
    if counted.large_objects != expected:
        problems.append(
            f"large objects: {expected} in the snapshot, {counted.large_objects} in the archive"
        )
    if problems:
        more = len(problems) - _NAMED
        rest = f"; and {more} more" if more > 0 else ""
        raise RowsDifferError(
            f"The archive is not what the snapshot held: {'; '.join(problems[:_NAMED])}{rest}.",
            todo="Invoke the function again. If the same tables differ again, keep the log and"
            " report it with these tables' definitions.",
        )


def _difference(name: TableName, table: Table | None, decoded: int | None) -> Difference | None:
    excluded = table is not None and table.data_excluded
    expected = None if table is None or excluded else table.rows
    return None if expected == decoded else Difference(*name, expected, decoded, excluded=excluded)
