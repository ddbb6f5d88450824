"""Takes foreign keys and triggers off some tables while their rows are replaced.

Everything happens in the caller's transaction: the keys come back before it ends, and are checked
against all rows then, so that either everything fits together or nothing has changed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import LiteralString

from psycopg import sql

from lifeboat.postgres.connect import Connection

type TableName = tuple[str, str]

#: The tables, their partitions and what inherits from them.
_TREE = """
WITH RECURSIVE tree (oid) AS (
    SELECT unnest(%s::regclass[])::oid UNION SELECT inhrelid FROM pg_catalog.pg_inherits
    JOIN tree ON inhparent = tree.oid
)
"""

#: Foreign keys from or to them, each as it was declared: on the root of a partitioned table.
_KEYS: LiteralString = f"""{_TREE},
touching (oid, parent) AS (
    SELECT c.oid, c.conparentid FROM pg_catalog.pg_constraint c, tree
    WHERE c.contype = 'f' AND tree.oid IN (c.conrelid, c.confrelid)
    UNION SELECT c.oid, c.conparentid FROM touching
    JOIN pg_catalog.pg_constraint c ON c.oid = touching.parent
)
SELECT n.nspname, r.relname, c.conname, pg_catalog.pg_get_constraintdef(c.oid),
       pg_catalog.obj_description(c.oid, 'pg_constraint')
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE c.conparentid = 0 AND c.oid IN (SELECT oid FROM touching)
ORDER BY 1, 2, 3
"""  # noqa: S608  # put together from this file's own constants

_TRIGGERS: LiteralString = f"""{_TREE}
SELECT n.nspname, r.relname, t.tgname, t.tgenabled
FROM pg_catalog.pg_trigger t JOIN tree ON tree.oid = t.tgrelid
JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
ORDER BY t.tgparentid <> 0, 1, 2, 3
"""  # noqa: S608  # as above

_ENABLE = {
    "O": sql.SQL("ENABLE TRIGGER"),
    "R": sql.SQL("ENABLE REPLICA TRIGGER"),
    "A": sql.SQL("ENABLE ALWAYS TRIGGER"),
}


def foreign_keys(connection: Connection, tables: Sequence[TableName]) -> list[str]:
    """The foreign keys from or to the tables, such as `public.orders: FOREIGN KEY (...) ...`."""
    rows = connection.execute(_KEYS, [_regclasses(connection, tables)])
    return [f"{schema}.{table}: {definition}" for schema, table, _, definition, _ in rows]


def triggers(connection: Connection, tables: Sequence[TableName]) -> list[str]:
    """The triggers that would fire for rows of the tables, such as `touch on public.orders`."""
    rows = connection.execute(_TRIGGERS, [_regclasses(connection, tables)])
    return [f"{name} on {schema}.{table}" for schema, table, name, _ in rows]


@contextmanager
def loosened(connection: Connection, tables: Sequence[TableName]) -> Iterator[None]:
    """Let rows of the tables come and go in the block, unseen by foreign keys and triggers.

    Raises:
        psycopg.errors.ForeignKeyViolation: the rows don't fit together at the end.
        psycopg.Error: the role doesn't own a table that has to be altered.
    """
    numbers = _regclasses(connection, tables)
    keys = connection.execute(_KEYS, [numbers]).fetchall()
    firing = connection.execute(_TRIGGERS, [numbers]).fetchall()
    for schema, table, name, *_ in keys:
        _alter(connection, schema, table, sql.SQL("DROP CONSTRAINT"), name)
    for schema, table, name, _ in firing:
        _alter(connection, schema, table, sql.SQL("DISABLE TRIGGER"), name)
    yield
    for schema, table, name, state in firing:
        _alter(connection, schema, table, _ENABLE[_letter(state)], name)
    for schema, table, name, definition, comment in keys:
        _alter(connection, schema, table, sql.SQL("ADD CONSTRAINT"), name, str(definition))
        if comment is not None:
            connection.execute(
                sql.SQL("COMMENT ON CONSTRAINT {} ON {} IS {}").format(
                    sql.Identifier(str(name)),
                    sql.Identifier(str(schema), str(table)),
                    sql.Literal(comment),
                )
            )


def _letter(state: object) -> str:
    return state.decode() if isinstance(state, bytes) else str(state)


def _alter(
    connection: Connection,
    schema: object,
    table: object,
    action: sql.SQL,
    name: object,
    definition: str = "",
) -> None:
    connection.execute(
        sql.SQL("ALTER TABLE {} {} {} {}").format(
            sql.Identifier(str(schema), str(table)),
            action,
            sql.Identifier(str(name)),
            sql.SQL(definition),
        )
    )


def _regclasses(connection: Connection, tables: Sequence[TableName]) -> list[str]:
    return [sql.Identifier(*each).as_string(connection) for each in tables]
