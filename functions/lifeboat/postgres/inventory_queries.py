"""Takes the inventory: what is in a database, as one snapshot sees it.

The same queries count the source (in the dump's snapshot) and a restored copy, so that the two
inventories can be compared value by value.
"""

from collections.abc import Collection, Iterable
from itertools import batched
from typing import LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from lifeboat.model.inventory import (
    CollationProvider,
    Inventory,
    Sequence,
    Source,
    Table,
)
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.count_rows import Refused, count_rows
from lifeboat.postgres.extensions import read_extensions
from lifeboat.postgres.snapshot import Relation

_TABLES_AT_ONCE = 50

_RELATION: LiteralString = """
n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                  AND d.deptype = 'e')
"""
"""Relations in users' schemas that no extension owns."""

_DUMPED_INDEX: LiteralString = "(i.indisvalid OR c.relkind = 'p') AND i.indisready"

_LARGE_OBJECTS = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata"

_INVALID: LiteralString = f"""
SELECT n.nspname, x.relname
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE {_RELATION} AND NOT ({_DUMPED_INDEX})
ORDER BY 1, 2
"""  # noqa: S608  # put together from this file's own constants
"""Indexes that pg_dump leaves out of tables that it dumps."""

_SUBSCRIPTIONS = """
SELECT subname::text FROM pg_catalog.pg_subscription
WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
ORDER BY 1
"""

_COLLATIONS = """
SELECT DISTINCT l.collname,
       CASE l.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default'
                           ELSE 'libc' END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND l.collname <> 'default'
  AND c.relkind IN ('r', 'p', 'm', 'v', 'f') AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY 1
"""
"""Collations other than the database's own that some column uses."""

_SOURCE: LiteralString = """
SELECT current_setting('server_version') AS server_version,
       current_setting('server_version_num')::int / 10000 AS major,
       current_database() AS database,
       pg_catalog.pg_encoding_to_char(encoding) AS encoding,
       datcollate AS collate, datctype AS ctype,
       CASE datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END
           AS locale_provider,
       datlocale AS locale,
       pg_catalog.pg_database_size(oid) AS bytes,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END::text AS lsn,
       transaction_timestamp() AS snapshot_time,
       pg_catalog.pg_is_in_recovery() AS standby,
       current_setting('bytea_output') AS bytea_output,
       current_setting('lc_monetary') AS lc_monetary,
       current_setting('quote_all_identifiers')::bool AS quote_all_identifiers
FROM pg_catalog.pg_database WHERE datname = current_database()
"""

_SEQUENCES: LiteralString = f"""
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
  AND (c.oid IN (SELECT unnest(extconfig) FROM pg_catalog.pg_extension) OR ({_RELATION}))
ORDER BY 1, 2
"""  # noqa: S608  # as above

_DESCENDANTS = """
WITH RECURSIVE tree (oid) AS (
    SELECT unnest(%s::oid[]) UNION SELECT inhrelid FROM pg_catalog.pg_inherits JOIN tree
    ON inhparent = oid
)
SELECT oid::bigint FROM tree
"""


def read_source(connection: Connection) -> Source:
    """The server, the database, and the time of the current snapshot."""
    query, version = _SOURCE, connection.info.server_version
    if version < 170000:  # noqa: PLR2004  # the column's name until then
        query = query.replace("datlocale", "daticulocale")
    if version < 150000:  # noqa: PLR2004  # the columns came with 15
        query = query.replace("daticulocale", "NULL").replace("datlocprovider", "'c'")
    row = connection.cursor(row_factory=dict_row).execute(query).fetchone()
    return Source.model_validate(row)


def with_descendants(connection: Connection, oids: Collection[int]) -> frozenset[int]:
    """The tables and all their partitions and inheriting tables, by number."""
    return frozenset(cast("int", row[0]) for row in connection.execute(_DESCENDANTS, [list(oids)]))


def _raise(_relation: Relation, error: psycopg.Error) -> int:
    raise error


def take_inventory(
    connection: Connection,
    relations: Iterable[Relation],
    *,
    excluded: Collection[int] = (),
    refused: Refused = _raise,
    by_index: bool = False,
) -> Inventory:
    """Count and describe everything, in the connection's current snapshot.

    Sequences are left out: their state isn't part of a snapshot, so the caller takes it from what
    was dumped or restored.

    Args:
        connection: inside a transaction that sees what is to be described.
        relations: the tables, as `list_relations` gives them.
        excluded: numbers of tables whose rows aren't dumped; they are named but not counted.
        refused: gives the rows of a table that the server refuses to count; by default, it raises.
        by_index: as for `count_rows`.

    Raises:
        psycopg.Error: the server refuses, or the connection is lost.
    """
    leaves = [r for r in relations if not r.partitioned]
    included = [r for r in leaves if r.oid not in excluded]
    tables = count_rows(connection, included, refused, by_index=by_index)
    tables += [
        Table(schema=r.schema, name=r.name, rows=0, data_excluded=True)
        for r in leaves
        if r.oid in excluded
    ]
    ordered = tuple(sorted(tables, key=lambda t: (t.schema, t.name)))
    return describe(connection).model_copy(update={"tables": ordered})


def describe(connection: Connection) -> Inventory:
    """An inventory without tables and sequences, in the connection's current snapshot."""
    large_objects = connection.execute(_LARGE_OBJECTS).fetchone()
    return Inventory(
        tables=(),
        sequences=(),
        extensions=read_extensions(connection),
        subscriptions=tuple(str(name) for (name,) in connection.execute(_SUBSCRIPTIONS)),
        collations=tuple(
            CollationProvider(name=name, provider=provider)
            for name, provider in _strings(connection, _COLLATIONS)
        ),
        large_objects=cast("int", large_objects[0]) if large_objects else 0,
    )


def invalid_indexes(connection: Connection) -> list[tuple[str, str]]:
    """Schema and name of the indexes that pg_dump leaves out because they are invalid.

    They come from a CREATE INDEX CONCURRENTLY that failed or still runs.
    """
    return _strings(connection, _INVALID)


def read_sequences(connection: Connection) -> tuple[Sequence, ...]:
    """The current states of all sequences: they are not part of a snapshot."""
    names = _strings(connection, _SEQUENCES)
    parts = [
        sql.SQL("SELECT {i}::int, last_value, is_called FROM {name}").format(
            i=sql.Literal(i), name=sql.Identifier(*name)
        )
        for i, name in enumerate(names)
    ]
    states = [
        cast("tuple[int, int, bool]", row)
        for some in batched(parts, _TABLES_AT_ONCE, strict=False)
        for row in connection.execute(sql.SQL(" UNION ALL ").join(some))
    ]
    return tuple(
        Sequence(schema=names[i][0], name=names[i][1], last_value=value, is_called=called)
        for i, value, called in sorted(states)
    )


def _strings(connection: Connection, query: LiteralString) -> list[tuple[str, str]]:
    return cast("list[tuple[str, str]]", connection.execute(query).fetchall())
