"""Compares a restored copy with what its manifest claims."""

from collections.abc import Callable

from lifeboat.model.inventory import Inventory
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.inventory_queries import read_sequences, take_inventory
from lifeboat.postgres.snapshot import list_relations
from lifeboat.recovery.policy.verdict import Untested, compare
from lifeboat.recovery.run import RecoveryRun


def compare_copy(
    run: RecoveryRun,
    untested: Untested,
    claimed: Callable[[Inventory], Inventory] | None = None,
) -> None:
    """Count the copy with the queries that counted the source, and note what differs.

    Args:
        run: with the copy in its place.
        untested: what the server could not hold.
        claimed: what is claimed of the copy, by what is in it; the whole backup by default.

    Raises:
        LifeboatError: the server refused, or the connection broke.
    """
    whole = run.manifest.inventory
    checksums = any(table.checksum is not None for table in whole.tables)
    with run.reading() as connection:
        restored = inventory_of(connection, checksums=checksums)
    part = claimed(restored) if claimed else whole
    comparison = compare(part, restored, untested=untested)
    run.checks += comparison.checks
    run.tables = comparison.tables


def inventory_of(connection: Connection, *, checksums: bool) -> Inventory:
    """Everything in a database at this moment, sequences included."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inventory = take_inventory(connection, list_relations(connection), checksums=checksums)
    return inventory.model_copy(update={"sequences": read_sequences(connection)})
