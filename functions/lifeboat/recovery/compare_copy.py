"""Compares a restored database with its manifest."""

from collections.abc import Callable
from functools import partial
from typing import LiteralString

import psycopg
from psycopg import sql

from lifeboat.model.identifiers import quoted
from lifeboat.model.inventory import Inventory
from lifeboat.model.text import join_first
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.inventory_queries import read_sequences, take_inventory
from lifeboat.postgres.snapshot import Relation, list_relations
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.policy.verdict import compare
from lifeboat.recovery.run import RecoveryRun

_HIDDEN: LiteralString = """
SELECT oid::regclass::text FROM pg_catalog.pg_class
WHERE relkind IN ('r', 'p') AND relrowsecurity AND pg_catalog.row_security_active(oid) ORDER BY 1
"""


def compare_copy(
    run: RecoveryRun,
    untested: Untested,
    expected: Callable[[Inventory], Inventory] | None = None,
) -> None:
    """Count the copy with the queries that counted the source, and add a check for each kind.

    Args:
        run: whose copy has been restored.
        untested: what the server could not hold.
        expected: gives the expected inventory for the restored one; by default, the manifest's.

    Raises:
        LifeboatError: the server refused, or the connection broke.
    """
    whole = run.manifest.inventory
    checksums = any(table.checksum is not None for table in whole.tables)
    with run.reading() as connection:
        if hidden := _hidden_tables(connection):
            run.add_check("rows", (), (_not_readable(hidden, run.reader.endpoint.user),))
            return
        restored = inventory_of(connection, checksums=checksums)
    part = expected(restored) if expected else whole
    comparison = compare(part, restored, untested=untested)
    run.checks += comparison.checks
    run.tables = comparison.tables


def _hidden_tables(connection: Connection) -> list[str]:
    """The tables whose rows the role can't all read: row-level security even binds their owner."""
    return [str(name) for (name,) in connection.execute(_HIDDEN)]


def _not_readable(tables: list[str], role: str) -> str:
    return (
        f"Row-level security hides rows of {join_first(tables)} from {quoted(role)}, who restores."
        f" So no contents were compared. To compare, let it read them (ALTER ROLE {quoted(role)}"
        " BYPASSRLS;) or restore as a superuser."
    )


def inventory_of(connection: Connection, *, checksums: bool) -> Inventory:
    """The current inventory of a database, with sequences."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inventory = take_inventory(
            connection,
            list_relations(connection),
            checksums=checksums,
            refused=partial(_read_rows, connection),
        )
    return inventory.model_copy(update={"sequences": read_sequences(connection)})


def _read_rows(connection: Connection, relation: Relation, error: psycopg.Error) -> int:
    """The rows of a table that the server can't count: COPY sends each, and plans nothing."""
    if relation.condition:
        raise error
    statement = sql.SQL("COPY {} TO STDOUT").format(relation.identifier)
    with connection.cursor() as cursor, cursor.copy(statement) as rows:
        return sum(1 for _ in rows)
