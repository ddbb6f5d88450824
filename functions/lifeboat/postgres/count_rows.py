"""Counts the rows of tables on the server, batch by batch, each in a savepoint that is undone.

To plan even `count(*)`, PostgreSQL locks every index of the table and simplifies the expressions of
its indexes and statistics, which runs users' functions. pg_dump does neither. So

- the locks of a batch are let go by the end of its savepoint: else a database of many tables fills
  the server's lock table. Locks of the transaction itself stay, and nobody queues in between, as a
  transaction of its own would have to behind whoever waits for a table;
- a table whose functions fail without a search path is tried again with that of the database, and
  a table that can't be counted at all is left to the caller: it may be dumped all the same.

The transaction is read-only, and what a function sets is undone with the savepoint.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import batched
from typing import Any, cast

import psycopg
from psycopg import sql

from lifeboat.model.identifiers import TableName
from lifeboat.model.inventory import Table
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import Relation

_TABLES_AT_ONCE = 50

type Refused = Callable[[Relation, psycopg.Error], int]
"""Gives the rows of a table that the server refuses to count, or raises."""


def count_rows(
    connection: Connection, relations: Iterable[Relation], refused: Refused
) -> list[Table]:
    """The rows of each table itself, without those of tables that inherit from it.

    Partitions that the archive loads through their root are one table, the root.

    Args:
        connection: in a read-only transaction whose snapshot sees the tables.
        relations: tables that hold rows.
        refused: is asked for the rows of a table that can't be counted.

    Raises:
        psycopg.Error: the connection is lost.
    """
    found = Counter[TableName]()
    for some in batched(relations, _TABLES_AT_ONCE, strict=False):
        for relation, rows in zip(some, _batch(connection, some, refused), strict=True):
            found[relation.loaded_schema, relation.loaded_name] += rows
    return [Table(schema=schema, name=name, rows=n) for (schema, name), n in found.items()]


def _batch(connection: Connection, relations: Sequence[Relation], refused: Refused) -> list[int]:
    try:
        return _count(connection, relations)
    except psycopg.Error:
        if connection.closed:
            raise
    return [_alone(connection, relation, refused) for relation in relations]


def _alone(connection: Connection, relation: Relation, refused: Refused) -> int:
    try:
        return _count(connection, [relation])[0]
    except psycopg.Error:
        if connection.closed:
            raise
    try:
        return _count(connection, [relation], with_search_path=True)[0]
    except psycopg.Error as error:
        if connection.closed:
            raise
        return refused(relation, error)


def _count(
    connection: Connection, relations: Sequence[Relation], *, with_search_path: bool = False
) -> list[int]:
    """The rows of some tables by one query; its order is that of the tables."""
    query = sql.SQL(" UNION ALL ").join(_query(i, each) for i, each in enumerate(relations))
    with connection.transaction(force_rollback=True):
        if with_search_path:
            connection.execute("SET LOCAL search_path TO DEFAULT")
        counted = dict(cast("list[tuple[Any, Any]]", connection.execute(query).fetchall()))
    return [counted[i] for i in range(len(relations))]


def _query(index: int, relation: Relation) -> sql.Composed:
    # Qualified: with the database's search path, `count` may be somebody else's.
    return sql.SQL(
        "SELECT {index}, pg_catalog.count(*) FROM (SELECT FROM ONLY {table} {condition}) t"
    ).format(
        index=sql.Literal(index),
        table=relation.identifier,
        # The extension's own SQL, as its author wrote it; pg_dump runs it the same way.
        condition=sql.SQL(relation.condition),
    )
