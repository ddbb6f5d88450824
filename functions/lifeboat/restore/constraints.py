"""Removes foreign keys and triggers from some tables while their rows are replaced.

Everything happens in the caller's transaction. At the end of the block, all of it is as before, or
the transaction has failed. Most keys are dropped and created again: this checks them against all
rows, and is the only way without superuser rights. If triggers of a key have another state than
the default, a new key would lose that state. Such a key is kept, its triggers are disabled during
the block, and afterwards each table in which it is in force is checked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from lifeboat.errors import RefusedError
from lifeboat.model.identifiers import TableName
from lifeboat.model.text import join_first
from lifeboat.postgres.connect import Connection
from lifeboat.restore import table_state
from lifeboat.restore.table_state import Key, KeyPart, Trigger

_TEMPORARY_NAME = "lifeboat_checks_this_key"
_STATES = {
    "D": sql.SQL("DISABLE TRIGGER"),
    "O": sql.SQL("ENABLE TRIGGER"),
    "R": sql.SQL("ENABLE REPLICA TRIGGER"),
    "A": sql.SQL("ENABLE ALWAYS TRIGGER"),
}


@contextmanager
def without_constraints(
    connection: Connection, tables: Sequence[TableName]
) -> Iterator[tuple[Key, ...]]:
    """Disable the foreign keys and triggers of the tables in the block. Yields the kept keys.

    Raises:
        RefusedError: keys or triggers can't be restored as they were.
        psycopg.errors.ForeignKeyViolation: the rows violate a key at the end.
        psycopg.Error: the role doesn't own a table that has to be altered.
    """
    before = table_state.full_state(connection, tables)
    keys = table_state.foreign_keys(connection, tables)
    dropped, kept = [each for each in keys if each.plain], [k for k in keys if not k.plain]
    if not _is_superuser(connection) and (fixed := [k.description for k in kept if k.fires]):
        raise RefusedError(
            "Only a superuser can turn off the triggers of these foreign keys, and give them back"
            f" as they are: {join_first(fixed)}.",
            todo="Give `target` the secret of a superuser, or leave data_only out.",
        )
    members = table_state.partition_parts(connection, dropped)
    off = table_state.firing_triggers(connection, tables, kept)
    for key in dropped:
        _alter(connection, key.relation, sql.SQL("DROP CONSTRAINT"), key.name)
    for trigger in off:
        _set(connection, trigger, "D")
    yield tuple(kept)
    for trigger in off:
        _set(connection, trigger, trigger.state)
    for key in dropped:
        _alter(connection, key.relation, sql.SQL("ADD CONSTRAINT"), key.name, key.definition)
        _comment(connection, key.relation, key.name, key.comment)
    _copy_attributes(connection, members, table_state.partition_parts(connection, dropped))
    for member in table_state.in_force(connection, kept):
        _alter(
            connection,
            member.relation,
            sql.SQL("ADD CONSTRAINT"),
            _TEMPORARY_NAME,
            member.definition,
        )
        _alter(connection, member.relation, sql.SQL("DROP CONSTRAINT"), _TEMPORARY_NAME)
    if table_state.full_state(connection, tables) != before:
        raise RefusedError(
            "The foreign keys and triggers of these tables could not be given back as they were.",
            safe="Nothing was changed: the transaction was undone as a whole.",
            todo="Leave data_only out: the rows come back in a database of their own, and can be"
            " copied from there.",
        )


def empty(connection: Connection, tables: Sequence[TableName], kept: Sequence[Key]) -> None:
    """Remove all rows of the tables. PostgreSQL can't truncate a table that a key refers to."""
    names = table_state.row_scopes(connection, tables)
    if not kept:
        connection.execute(sql.SQL("TRUNCATE TABLE {}").format(sql.SQL(", ").join(names)))
        return
    for name in names:
        connection.execute(sql.SQL("DELETE FROM {}").format(name))


def _copy_attributes(
    connection: Connection, before: Sequence[KeyPart], after: Sequence[KeyPart]
) -> None:
    """Restore names, comments and validity of the keys' parts on partitions."""
    made = {each.place: each for each in after}
    pairs = [(old, made[old.place]) for old in before if old.place in made]
    renamed = [(old, new) for old, new in pairs if old.name != new.name]
    for _, new in renamed:  # two may swap names
        _rename(connection, new, new.name, f"lifeboat_{new.oid}")
    for old, new in renamed:
        _rename(connection, old, f"lifeboat_{new.oid}", old.name)
    for old, new in pairs:
        _comment(connection, old.relation, old.name, old.comment)
        if old.validated and not new.validated:
            _alter(connection, old.relation, sql.SQL("VALIDATE CONSTRAINT"), old.name)


def _rename(connection: Connection, member: KeyPart, old: str, new: str) -> None:
    to = sql.SQL("TO {}").format(sql.Identifier(new)).as_string(connection)
    _alter(connection, member.relation, sql.SQL("RENAME CONSTRAINT"), old, to)


def _comment(
    connection: Connection, relation: sql.Identifier, name: str, comment: str | None
) -> None:
    if comment is not None:
        connection.execute(
            sql.SQL("COMMENT ON CONSTRAINT {} ON {} IS {}").format(
                sql.Identifier(name), relation, sql.Literal(comment)
            )
        )


def _set(connection: Connection, trigger: Trigger, state: str) -> None:
    """Set the state for this table only: without ONLY, all partitions would get it too."""
    connection.execute(
        sql.SQL("ALTER TABLE ONLY {} {} {}").format(
            trigger.relation, _STATES[state], sql.Identifier(trigger.name)
        )
    )


def _alter(
    connection: Connection,
    relation: sql.Identifier,
    action: sql.SQL,
    name: str,
    rest: str = "",
) -> None:
    connection.execute(
        sql.SQL("ALTER TABLE {} {} {} {}").format(
            relation,
            action,
            sql.Identifier(name),
            sql.SQL(rest),
        )
    )


def _is_superuser(connection: Connection) -> bool:
    return connection.info.parameter_status("is_superuser") == "on"
