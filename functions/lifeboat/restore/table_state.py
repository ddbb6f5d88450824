"""Reads the foreign keys and triggers of some tables, and their states.

A table includes its partitions, but not the tables that inherit from it, which have their own rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from lifeboat.model.identifiers import TableName, qualified, quoted
from lifeboat.model.text import line
from lifeboat.postgres.connect import Connection

_TREE: LiteralString = """
WITH RECURSIVE tree (oid) AS (
    SELECT unnest(%s::regclass[])::oid
    UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class r ON r.oid = i.inhparent AND r.relkind = 'p'
)
"""

_FAMILIES: LiteralString = f"""{_TREE},
touching (oid, parent) AS (
    SELECT c.oid, c.conparentid FROM pg_catalog.pg_constraint c, tree
    WHERE c.contype = 'f' AND tree.oid IN (c.conrelid, c.confrelid)
    UNION SELECT c.oid, c.conparentid FROM touching
    JOIN pg_catalog.pg_constraint c ON c.oid = touching.parent
),
family (root, oid) AS (
    SELECT oid, oid FROM touching WHERE parent = 0
    UNION SELECT family.root, c.oid FROM family
    JOIN pg_catalog.pg_constraint c ON c.conparentid = family.oid
)
"""  # noqa: S608  # put together from this file's own constants
"""Foreign keys from or to them: the one that was declared, as `root`, and its parts on
partitions."""

_KEYS: LiteralString = f"""{_FAMILIES}
SELECT c.oid::bigint AS oid, n.nspname AS schema, r.relname AS table, c.conname AS name,
       pg_catalog.pg_get_constraintdef(c.oid) AS definition,
       pg_catalog.obj_description(c.oid, 'pg_constraint') AS comment,
       bool_and(t.tgenabled = 'O') IS NOT FALSE AS plain,
       bool_or(t.tgenabled <> 'D' AND t.tgrelid IN (SELECT oid FROM tree)) IS TRUE AS fires,
       bool_or(t.tgenabled IN ('D', 'R')) IS TRUE AS gaps
FROM family JOIN pg_catalog.pg_constraint c ON c.oid = family.root
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_trigger t ON t.tgconstraint = family.oid
GROUP BY c.oid, n.nspname, r.relname, c.conname
ORDER BY c.oid
"""  # noqa: S608  # as above

_MEMBERS: LiteralString = """
WITH RECURSIVE family (root, oid) AS (
    SELECT c.oid, c.oid FROM pg_catalog.pg_constraint c
    JOIN unnest(%s::regclass[], %s::name[]) AS of (relation, name)
      ON of.relation = c.conrelid AND of.name = c.conname
    UNION SELECT family.root, c.oid FROM family
    JOIN pg_catalog.pg_constraint c ON c.conparentid = family.oid
)
SELECT c.oid::bigint AS oid, n.nspname AS schema, r.relname AS table, c.conname AS name,
       pg_catalog.pg_get_constraintdef(c.oid) AS definition,
       pg_catalog.obj_description(c.oid, 'pg_constraint') AS comment,
       c.convalidated AS validated, f.conname AS key, f.conrelid::bigint AS key_table,
       c.confrelid::bigint AS target, family.root = c.oid AS whole,
       EXISTS (SELECT FROM pg_catalog.pg_trigger t
               WHERE t.tgconstraint = c.oid AND t.tgrelid = c.conrelid AND r.relkind <> 'p'
                 AND t.tgfoid = 'pg_catalog."RI_FKey_check_ins"'::regproc
                 AND t.tgenabled IN ('O', 'A')) AS in_force
FROM family JOIN pg_catalog.pg_constraint c ON c.oid = family.oid
JOIN pg_catalog.pg_constraint f ON f.oid = family.root
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
"""
"""The parts of keys, of which only names and tables are known: as new ones, they get new
numbers."""

_FIRING: LiteralString = f"""{_FAMILIES}
SELECT n.nspname AS schema, r.relname AS table, t.tgname AS name, t.tgenabled::text AS state
FROM pg_catalog.pg_trigger t JOIN tree ON tree.oid = t.tgrelid
JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE t.tgenabled <> 'D'
  AND (NOT t.tgisinternal OR (t.tgparentid <> 0 AND t.tgconstraint = 0)
       OR t.tgconstraint IN (SELECT oid FROM family WHERE root = ANY (%s::oid[])))
ORDER BY t.tgparentid <> 0, 1, 2, 3
"""  # noqa: S608  # as above
"""Of users, and of keys that stay. Up to 14, a trigger's clones on partitions count as internal."""

_LEAVES: LiteralString = f"""{_TREE}
SELECT n.nspname, r.relname FROM tree JOIN pg_catalog.pg_class r ON r.oid = tree.oid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE r.relispartition AND r.relkind <> 'p'
"""  # noqa: S608  # as above

_EVERYTHING: LiteralString = f"""{_FAMILIES}
SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.conname::text,
       pg_catalog.pg_get_constraintdef(c.oid), c.convalidated, p.conrelid::regclass::text,
       p.conname::text, pg_catalog.obj_description(c.oid, 'pg_constraint'), '', 0
FROM family JOIN pg_catalog.pg_constraint c ON c.oid = family.oid
LEFT JOIN pg_catalog.pg_constraint p ON p.oid = c.conparentid
UNION ALL
SELECT t.tgrelid::regclass::text, t.tgconstrrelid::regclass::text, c.conname::text,
       t.tgfoid::regproc::text, t.tgdeferrable, c.conrelid::regclass::text,
       CASE WHEN t.tgisinternal AND t.tgconstraint <> 0 THEN '' ELSE t.tgname::text END,
       pg_catalog.obj_description(t.oid, 'pg_trigger'), t.tgenabled::text, t.tgtype::int
FROM pg_catalog.pg_trigger t LEFT JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgrelid IN (SELECT oid FROM tree) OR t.tgconstraint IN (SELECT oid FROM family)
"""  # noqa: S608  # as above
"""Everything that must not be lost, without the numbers, which may change, and names made of
them."""


@dataclass(frozen=True, kw_only=True)
class _Named:
    schema: str
    table: str
    name: str

    @property
    def relation(self) -> sql.Identifier:
        """The table that it hangs on."""
        return sql.Identifier(self.schema, self.table)


@dataclass(frozen=True, kw_only=True)
class Key(_Named):
    """A foreign key as it was declared: of a partitioned table, on its root.

    Attributes:
        oid: its number.
        definition: as ADD CONSTRAINT takes it.
        comment: on it.
        plain: all its triggers have the default state, so it can be dropped and created again.
        fires: some of its triggers would fire for rows of the tables.
        gaps: some of its triggers don't fire in an ordinary session.
    """

    oid: int
    definition: str
    comment: str | None
    plain: bool
    fires: bool
    gaps: bool

    @property
    def description(self) -> str:
        """The key in words, such as `public.orders: FOREIGN KEY (...) ...`."""
        return f"{qualified(self.schema, self.table)}: {line(self.definition)}"


@dataclass(frozen=True, kw_only=True)
class KeyPart(_Named):
    """A foreign key, or the part of one on a partition.

    Attributes:
        oid: its number.
        definition: as ADD CONSTRAINT takes it.
        comment: on it.
        validated: all rows were checked.
        key: name of the key.
        key_table: number of the key's table.
        target: number of the table that it refers to.
        whole: it is the key itself.
        in_force: rows of this table are checked when they come.
    """

    oid: int
    definition: str
    comment: str | None
    validated: bool
    key: str
    key_table: int
    target: int
    whole: bool
    in_force: bool

    @property
    def place(self) -> tuple[int, str, str, str, int]:
        """What stays the same when the key is created again."""
        return self.key_table, self.key, self.schema, self.table, self.target


@dataclass(frozen=True, kw_only=True)
class Trigger(_Named):
    """A trigger that isn't off.

    Attributes:
        state: as pg_trigger has it: O, R or A.
    """

    state: str

    @property
    def description(self) -> str:
        """The trigger in words, such as `touch on public.orders`."""
        return f"{quoted(self.name)} on {qualified(self.schema, self.table)}"


def foreign_keys(connection: Connection, tables: Sequence[TableName]) -> tuple[Key, ...]:
    """The foreign keys from or to the tables, in the order in which they were made."""
    cursor = connection.cursor(row_factory=class_row(Key))
    return tuple(cursor.execute(_KEYS, [_regclasses(connection, tables)]))


def partition_parts(connection: Connection, of: Sequence[Key]) -> tuple[KeyPart, ...]:
    """The parts of the keys on partitions."""
    return tuple(each for each in _members(connection, of) if not each.whole)


def in_force(connection: Connection, of: Sequence[Key]) -> tuple[KeyPart, ...]:
    """The keys, or their parts, whose tables only take rows that fit, and have no others."""
    return tuple(each for each in _members(connection, of) if each.in_force and each.validated)


def _members(connection: Connection, of: Sequence[Key]) -> tuple[KeyPart, ...]:
    relations = _regclasses(connection, [(each.schema, each.table) for each in of])
    cursor = connection.cursor(row_factory=class_row(KeyPart))
    return tuple(cursor.execute(_MEMBERS, [relations, [each.name for each in of]]))


def firing_triggers(
    connection: Connection, tables: Sequence[TableName], kept: Sequence[Key] = ()
) -> tuple[Trigger, ...]:
    """The triggers that rows of the tables may fire: of users, and of some foreign keys."""
    cursor = connection.cursor(row_factory=class_row(Trigger))
    numbers = [each.oid for each in kept]
    return tuple(cursor.execute(_FIRING, [_regclasses(connection, tables), numbers]))


def full_state(connection: Connection, tables: Sequence[TableName]) -> list[tuple[object, ...]]:
    """All keys and triggers of the tables, to compare with a later state."""
    rows = connection.execute(_EVERYTHING, [_regclasses(connection, tables)])
    return sorted(rows, key=repr)


def row_scopes(connection: Connection, tables: Sequence[TableName]) -> list[sql.Composable]:
    """SQL for the tables that excludes rows of tables that inherit from them.

    That is ONLY, except for a partitioned table, whose rows are those of its partitions.
    """
    query = "SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = %s::regclass"
    names: list[sql.Composable] = []
    for table in tables:
        row = connection.execute(query, _regclasses(connection, [table])).fetchone()
        name = sql.Identifier(*table)
        names.append(name if row and row[0] else sql.SQL("ONLY {}").format(name))
    return names


def leaf_partitions(connection: Connection, tables: Sequence[TableName]) -> list[TableName]:
    """The partitions of the tables that hold rows themselves."""
    rows = connection.execute(_LEAVES, [_regclasses(connection, tables)])
    return [(str(schema), str(name)) for schema, name in rows]


def _regclasses(connection: Connection, tables: Sequence[TableName]) -> list[str]:
    return [sql.Identifier(*each).as_string(connection) for each in tables]
