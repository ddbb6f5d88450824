"""Counts the rows of tables on the server, batch by batch, each in a savepoint that is undone.

To plan even `count(*)`, PostgreSQL locks every index of the table and simplifies the expressions of
its indexes and statistics, which runs users' functions. pg_dump does neither. So

- the locks of a batch are let go by the end of its savepoint: else a database of many tables fills
  the server's lock table. Locks of the transaction itself stay, and nobody queues in between, as a
  transaction of its own would have to behind whoever waits for a table;
- a table whose functions fail without a search path is tried again with that of the database, and
  a table that can't be counted at all is left to the caller: it may be dumped all the same.

The transaction is read-only, and what a function sets is undone with the savepoint.

A table that has hardly changed since its last VACUUM is counted by an index alone, if the caller
wants that. Such a count still has the rows that the table's own file has lost.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from typing import Any, LiteralString, cast

import psycopg

from lifeboat.model.identifiers import TableName
from lifeboat.model.index_counts import TableSize, index_serves
from lifeboat.model.inventory import Table
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import Relation

_TABLES_AT_ONCE = 50

_SIZES = """
SELECT c.oid::bigint, c.relpages, c.relallvisible, c.reltuples::float8,
       min(x.relpages) FILTER (WHERE i.indisvalid AND i.indisready AND i.indislive
           AND i.indpred IS NULL AND i.indexprs IS NULL AND x.relam = 403)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_index i ON i.indrelid = c.oid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
WHERE c.relkind = 'r' AND c.relam = 2 AND c.relallvisible > 0
GROUP BY c.oid, c.relpages, c.relallvisible, c.reltuples
HAVING bool_and(x.relam < 16384)
"""
"""Sizes of vacuumed tables. Only the heap (2) has a visibility map, and a B-tree (403) an entry for
each row; the numbers are fixed in pg_am.dat. No index of an extension's own kind (16384 and above)
may be there: the planner might choose it, and nobody knows what it counts."""

_BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexonlyscan = on;"
    " SET LOCAL enable_indexscan = on"
)
"""Without the last two, an unlucky setting of the role would read the table row by row instead."""

_BY_TABLE = (
    "SET LOCAL enable_seqscan = on; SET LOCAL enable_indexonlyscan = off;"
    " SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off"
)

type Refused = Callable[[Relation, psycopg.Error], int]
"""Gives the rows of a table that the server refuses to count, or raises."""


def count_rows(
    connection: Connection,
    relations: Iterable[Relation],
    refused: Refused,
    *,
    by_index: bool = False,
) -> list[Table]:
    """The rows of each table itself, without those of tables that inherit from it.

    Partitions that the archive loads through their root are one table, the root.

    Args:
        connection: in a read-only transaction whose snapshot sees the tables.
        relations: tables that hold rows.
        refused: is asked for the rows of a table that can't be counted.
        by_index: count by an index alone where one serves, also where the planner would rather
            read the table.

    Raises:
        psycopg.Error: the connection is lost.
    """
    found = Counter[TableName]()
    left = list(relations)
    served = _served_by_index(connection) if by_index else frozenset[int]()
    if indexed := [r for r in left if r.oid in served and not r.condition]:
        left = [r for r in left if r.oid not in served or r.condition]
        with _settings(connection, _BY_INDEX):
            for relation, rows in _each(connection, indexed, _or_none):
                if rows is None:
                    left.append(relation)
                else:
                    found[relation.loaded_schema, relation.loaded_name] += rows

    def count_alone(connection: Connection, relation: Relation) -> int:
        return _alone(connection, relation, refused)

    for relation, rows in _each(connection, left, count_alone):
        found[relation.loaded_schema, relation.loaded_name] += rows
    return [Table(schema=schema, name=name, rows=n) for (schema, name), n in found.items()]


def read_rows(connection: Connection, relations: Collection[Relation]) -> dict[TableName, int]:
    """The rows of each table, found by reading the table itself and no index.

    Args:
        connection: as for `count_rows`.
        relations: tables that hold rows. Those that can't be counted are left out.

    Raises:
        psycopg.Error: the connection is lost.
    """
    found, failed = Counter[TableName](), set[TableName]()
    with _settings(connection, _BY_TABLE):
        for relation in relations:
            name = relation.loaded_schema, relation.loaded_name
            if (rows := _or_none(connection, relation)) is None:
                failed.add(name)
            else:
                found[name] += rows
    return {name: rows for name, rows in found.items() if name not in failed}


def _served_by_index(connection: Connection) -> frozenset[int]:
    """Numbers of the tables that an index-only scan counts."""
    sizes = cast("list[tuple[Any, ...]]", connection.execute(_SIZES).fetchall())
    return frozenset(oid for oid, *size in sizes if index_serves(TableSize(*size)))


@contextmanager
def _settings(connection: Connection, statements: LiteralString) -> Iterator[None]:
    """Settings of the block: they are undone with its savepoint."""
    with connection.transaction(force_rollback=True):
        connection.execute(statements)
        yield


def _each[T](
    connection: Connection,
    relations: Iterable[Relation],
    alone: Callable[[Connection, Relation], T],
) -> Iterator[tuple[Relation, int | T]]:
    """Each table with its rows. Those of a batch that fails are counted by `alone`, one by one."""
    for some in batched(relations, _TABLES_AT_ONCE, strict=False):
        try:
            counted: Sequence[int | T] = _count(connection, some)
        except psycopg.Error:
            if connection.closed:
                raise
            counted = [alone(connection, relation) for relation in some]
        yield from zip(some, counted, strict=True)


def _or_none(connection: Connection, relation: Relation) -> int | None:
    try:
        return _count(connection, [relation])[0]
    except psycopg.Error:
        if connection.closed:
            raise
        return None


def _alone(connection: Connection, relation: Relation, refused: Refused) -> int:
    if (rows := _or_none(connection, relation)) is not None:
        return rows
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
    query = b" UNION ALL ".join(_query(connection, i, each) for i, each in enumerate(relations))
    with connection.transaction(force_rollback=True):
        if with_search_path:
            connection.execute("SET LOCAL search_path TO DEFAULT")
        counted = dict(cast("list[tuple[Any, Any]]", connection.execute(query).fetchall()))
    return [counted[i] for i in range(len(relations))]


def _query(connection: Connection, index: int, relation: Relation) -> bytes:
    """The query for one table. Composing psycopg's objects for it would take ten times as long."""
    # Qualified: with the database's search path, `count` may be somebody else's.
    return b"SELECT %d, pg_catalog.count(*) FROM (SELECT FROM ONLY %b %b) t" % (
        index,
        relation.identifier.as_bytes(connection),
        # The extension's own SQL, as its author wrote it; pg_dump runs it the same way.
        relation.condition.encode(connection.info.encoding),
    )
