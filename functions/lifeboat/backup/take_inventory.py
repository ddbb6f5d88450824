"""Reads the database's inventory and roles while it is being dumped."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from lifeboat.backup.pg_dump import Dump, dump_globals
from lifeboat.backup.run import BackupRun
from lifeboat.errors import DumpError, InventoryError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory
from lifeboat.model.text import join_first
from lifeboat.postgres.inventory_queries import invalid_indexes, take_inventory
from lifeboat.postgres.login import Login
from lifeboat.postgres.redact import redacted_message
from lifeboat.postgres.snapshot import Relation, Snapshot


@dataclass(frozen=True)
class SnapshotContents:
    """The contents of the snapshot, and the server's roles.

    Attributes:
        inventory: without digests and the sequences' states, which the archive tells.
        uncounted: tables that the server refused to count; in the inventory they have no rows.
        globals: roles and their settings as SQL, or None if they can't be read.
        notes: why not, why tables weren't counted, and what else the archive leaves out.
    """

    inventory: Inventory
    uncounted: frozenset[TableName]
    globals: bytes | None
    notes: tuple[str, ...]


def read_snapshot(
    run: BackupRun, login: Login, snapshot: Snapshot, dump: Dump, excluded: frozenset[int]
) -> SnapshotContents:
    """Take the inventory in the dump's own snapshot, then the globals.

    Some providers don't show their roles. The data is complete without them, so missing globals
    are only a note.

    A table that can't be counted is no reason to have no backup of a database that can be dumped.

    Raises:
        InventoryError: a query failed, most likely since the connection was lost.
    """
    uncounted: dict[TableName, str] = {}

    def leave_out(relation: Relation, error: psycopg.Error) -> int:
        name = relation.loaded_schema, relation.loaded_name
        uncounted[name] = redacted_message(error, login.endpoint)
        return 0

    try:
        inventory = take_inventory(
            snapshot.connection,
            snapshot.relations,
            excluded=excluded,
            refused=leave_out,
            by_index=True,
        )
        invalid = invalid_indexes(snapshot.connection)
    except psycopg.Error as error:
        words = redacted_message(error, login.endpoint)
        raise InventoryError(
            f"Could not count the database in the dump's snapshot: {words}",
            todo="Invoke the function again; if it repeats, look for that moment in the server's"
            " log.",
        ) from None
    script, globals_notes = _globals(run, dump)
    notes = (*_uncounted_notes(uncounted), *_invalid_index_notes(invalid), *globals_notes)
    return SnapshotContents(inventory, frozenset(uncounted), script, notes)


def _globals(run: BackupRun, dump: Dump) -> tuple[bytes | None, tuple[str, ...]]:
    try:
        return dump_globals(dump.programs, dump.major, dump.connection, run.scope), ()
    except DumpError as error:
        return None, (f"No globals: {error.what}",)


def _uncounted_notes(uncounted: Mapping[TableName, str]) -> tuple[str, ...]:
    if not uncounted:
        return ()
    tables = join_first(f"{qualified(*name)} ({why})" for name, why in uncounted.items())
    note = (
        f"The server could not count the rows of {tables}. pg_dump could read them, so their rows"
        " were counted in the archive alone."
    )
    return (note,)


def _invalid_index_notes(indexes: list[tuple[str, str]]) -> tuple[str, ...]:
    if not indexes:
        return ()
    names = join_first(qualified(*name) for name in indexes)
    note = (
        f"pg_dump leaves invalid indexes out: {names}. Run REINDEX INDEX CONCURRENTLY or DROP INDEX"
        " on each, unless it is being built just now."
    )
    return (note,)
