"""Compares a restored copy with what its manifest claims."""

from lifeboat.model.inventory import Inventory
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.inventory_queries import read_sequences, take_inventory
from lifeboat.postgres.snapshot import list_relations
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.place import Place
from lifeboat.recovery.policy.verdict import Untested, compare


def compare_copy(recovery: Recovery, place: Place, copy: str, untested: Untested) -> None:
    """Count the copy with the queries that counted the source, and note what differs.

    Raises:
        TargetError: the server refused, or the connection broke.
    """
    claimed = recovery.manifest.inventory
    checksums = any(table.checksum is not None for table in claimed.tables)
    with place.reading(recovery.watch, copy) as connection:
        restored = inventory_of(connection, checksums=checksums)
    comparison = compare(claimed, restored, untested=untested)
    recovery.findings.checks += comparison.checks
    recovery.findings.tables = comparison.tables


def inventory_of(connection: Connection, *, checksums: bool) -> Inventory:
    """Everything in a database at this moment, sequences included."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inventory = take_inventory(connection, list_relations(connection), checksums=checksums)
    return inventory.model_copy(update={"sequences": read_sequences(connection)})
