"""Finds out why a table's count differs from the archive: has the table lost rows, or its index?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from lifeboat.errors import RowsLostError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.index_counts import Damage, damage_of
from lifeboat.model.inventory import Inventory
from lifeboat.model.row_counts import Counted, compare_rows
from lifeboat.model.text import join_first
from lifeboat.postgres.count_rows import read_rows
from lifeboat.postgres.snapshot import Snapshot

_MAX_TABLES = 100


@dataclass(frozen=True)
class _Damaged:
    """A table with the two numbers of its rows."""

    name: TableName
    by_index: int
    read: int

    def __str__(self) -> str:
        return (
            f"{qualified(*self.name)}: {self.by_index} rows by its index, {self.read} in the table"
            " and in the archive"
        )


def explain_counts(
    snapshot: Snapshot, inventory: Inventory, counted: Counted, excluded: Collection[int]
) -> tuple[Inventory, tuple[str, ...]]:
    """Read the tables again whose counts differ from the archive, and judge each.

    A table whose index lacks rows is whole in the archive: it gets the archive's number in the
    inventory, and a note. What this doesn't explain stays different.

    Args:
        snapshot: of the dump, still held. Of the tables that differ, the first hundred are read.
        inventory: of the snapshot.
        counted: what the archive has.
        excluded: numbers of the tables whose rows aren't dumped.

    Returns:
        The inventory, and notes for people.

    Raises:
        RowsLostError: a table has fewer rows than its index.
        psycopg.Error: the connection is lost.
    """
    first = {(t.schema, t.name): t.rows for t in inventory.tables}
    differing = [
        (each.schema, each.name)
        for each in compare_rows(inventory.tables, counted.rows)
        if each.expected is not None and each.archive is not None
    ][:_MAX_TABLES]
    if not differing:
        return inventory, ()
    read = _read(snapshot, differing, excluded)
    damaged: dict[Damage | None, list[_Damaged]] = {}
    for name, rows in read.items():
        damage = damage_of(first[name], rows, counted.rows[name])
        damaged.setdefault(damage, []).append(_Damaged(name, first[name], rows))
    if lost := damaged.get(Damage.ROWS_LOST):
        raise _rows_lost(lost)
    incomplete = damaged.get(Damage.INDEX_INCOMPLETE, [])
    whole = {each.name: each.read for each in incomplete}
    return _with_rows(inventory, whole), tuple(map(_index_note, incomplete))


def _read(
    snapshot: Snapshot, names: Collection[TableName], excluded: Collection[int]
) -> dict[TableName, int]:
    # Which rows an extension's condition takes may be chance.
    by_chance = {(r.loaded_schema, r.loaded_name) for r in snapshot.relations if r.condition}
    relations = [
        r
        for r in snapshot.relations
        if not r.partitioned
        and r.oid not in excluded
        and (r.loaded_schema, r.loaded_name) in names
        and (r.loaded_schema, r.loaded_name) not in by_chance
    ]
    return read_rows(snapshot.connection, relations)


def _with_rows(inventory: Inventory, rows: Mapping[TableName, int]) -> Inventory:
    tables = tuple(
        replace(table, rows=rows.get((table.schema, table.name), table.rows))
        for table in inventory.tables
    )
    return inventory.model_copy(update={"tables": tables})


def _rows_lost(lost: Sequence[_Damaged]) -> RowsLostError:
    tables = ", ".join(qualified(*each.name) for each in lost)
    return RowsLostError(
        f"A table has fewer rows than its index: {join_first(map(str, lost))}. Either the table has"
        " lost rows, as after damage of the server's storage, or its visibility map is wrong.",
        safe="No backup was published by this run; earlier backups are untouched, and each is kept"
        " until its tier expires.",
        todo=f"Run VACUUM (DISABLE_PAGE_SKIPPING) {tables}; it corrects a visibility map. Invoke"
        " the function again. If it fails again, the rows are lost: check the other tables with"
        " pg_amcheck, restore the newest backup from before beside the database, and take the rows"
        " from it. To back up the other tables meanwhile, name this one in exclude_table_data.",
    )


def _index_note(damaged: _Damaged) -> str:
    table = qualified(*damaged.name)
    return (
        f"An index of {table} lacks rows: it has {damaged.by_index}, the table and the archive"
        f" {damaged.read}. Queries may miss rows, and a unique index may have let in duplicates, at"
        f" which a restore would stop. Run REINDEX TABLE CONCURRENTLY {table}."
    )
