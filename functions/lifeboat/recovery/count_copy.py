"""Counts the rows of a restored copy with the queries that counted the source's."""

from functools import partial

import psycopg
from psycopg import sql

from lifeboat.model.inventory import Inventory
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.inventory_queries import read_sequences, take_inventory
from lifeboat.postgres.snapshot import Relation, list_relations


def count_copy(connection: Connection) -> Inventory:
    """The current inventory of a database with sequences, but without digests.

    Raises:
        psycopg.Error: the server refused, or the connection broke.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inventory = take_inventory(
            connection, list_relations(connection), refused=partial(_read_rows, connection)
        )
    return inventory.model_copy(update={"sequences": read_sequences(connection)})


def _read_rows(connection: Connection, relation: Relation, error: psycopg.Error) -> int:
    """The rows of a table that the server can't count: COPY sends each, and plans nothing."""
    if relation.condition:
        raise error
    statement = sql.SQL("COPY {} TO STDOUT").format(relation.identifier)
    with connection.cursor() as cursor, cursor.copy(statement) as rows:
        return sum(1 for _ in rows)
