"""Holds one snapshot of the database, with every table in it locked against being emptied unseen.

A snapshot alone is not enough. TRUNCATE, a table rewrite and SET UNLOGGED give a table new, empty
files; when one commits after the snapshot was exported and before pg_dump locks the table, pg_dump
reads no rows, exits 0, and `count(*)` in the same snapshot agrees. So every table is locked in
ACCESS SHARE mode *before* the snapshot is taken (LOCK TABLE takes none), in the transaction that
exports it. A table that appeared in between is locked afterwards and its files compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from lifeboat.errors import LockQueueError, LockWaitError, SchemaChangingError
from lifeboat.model.identifiers import qualified
from lifeboat.model.text import line
from lifeboat.postgres.connect import Connection

_ATTEMPTS = 5
_LOCKS_AT_ONCE = 200

#: Tables as pg_dump chooses them: outside of the system's schemas, permanent or unlogged, plus the
#: configuration tables of extensions with their condition (pg_dump.c, processExtensionTables).
#: It loads the partitions of a table that is hashed by an enum, whose values hash differently
#: after a restore, through the root (pg_dump.c, forcePartitionRootLoad).
TABLES = """
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name,
       c.relkind = 'p' AS partitioned,
       pg_catalog.pg_relation_filenode(c.oid)::bigint AS file,
       c.relfilenode::bigint AS file_in_snapshot,
       coalesce(x.condition, '') AS condition,
       coalesce(rn.nspname, n.nspname) AS loaded_schema,
       coalesce(r.relname, c.relname) AS loaded_name,
       c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery() AS lost
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (
    SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition
    FROM pg_catalog.pg_extension
) x ON x.oid = c.oid
LEFT JOIN pg_catalog.pg_class r ON c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)
    AND EXISTS (
        SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) a
        JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.relid
        JOIN pg_catalog.pg_opclass o ON o.oid = ANY (p.partclass)
        JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
        WHERE o.opcname = 'enum_ops' AND m.amname = 'hash'
          AND o.opcnamespace = 'pg_catalog'::regnamespace)
LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND (x.oid IS NOT NULL OR (
        n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
              AND d.deptype = 'e')))
ORDER BY n.nspname, c.relname
"""

_LOCKED = """
SELECT relation::bigint FROM pg_catalog.pg_locks
WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'relation' AND mode = 'AccessShareLock'
"""

_EXCLUSIVE: LiteralString = """
SELECT l.pid, coalesce(a.usename, x.owner), n.nspname, r.relname, x.gid
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_class r ON r.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL
  AND t.locktype = 'transactionid' AND t.virtualtransaction = l.virtualtransaction
LEFT JOIN pg_catalog.pg_prepared_xacts x ON x.transaction = t.transactionid
WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""
_BLOCKERS: LiteralString = _EXCLUSIVE + "AND l.granted LIMIT 3"
_WAITING: LiteralString = _EXCLUSIVE + "AND NOT l.granted LIMIT 3"


@dataclass(frozen=True)
class Relation:
    """A table of the database as one catalog read saw it.

    Attributes:
        oid: its number, which a rename doesn't change.
        schema: its schema's name.
        name: its own name.
        partitioned: whether it only holds partitions and no rows itself.
        file: the number of its files now, or None where it has none.
        file_in_snapshot: the same as the reading snapshot sees it.
        condition: for an extension's configuration table, which rows pg_dump takes (`WHERE ...`),
            else empty.
        loaded_schema: of the table that the archive loads its rows into.
        loaded_name: of the same: itself, or its partition tree's root.
        lost: whether its rows can't be had here: a standby has none of an unlogged table.
    """

    oid: int
    schema: str
    name: str
    partitioned: bool
    file: int | None
    file_in_snapshot: int
    condition: str
    loaded_schema: str
    loaded_name: str
    lost: bool

    @property
    def identifier(self) -> sql.Identifier:
        """The quoted, qualified name for use in SQL."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Snapshot:
    """An exported snapshot that lives as long as the connection's transaction.

    Attributes:
        id: what `pg_dump --snapshot` takes.
        connection: the holder, inside the transaction; queries on it see the snapshot.
        relations: every table in the snapshot, all locked.
    """

    id: str
    connection: Connection
    relations: tuple[Relation, ...]


def require_no_queue(scout: Connection, said: str) -> None:
    """Refuse to go on when a statement waits for a table that the snapshot's holder has locked.

    The holder's locks let pg_dump's pass, but not past a statement that came in between and waits
    for an exclusive one: PostgreSQL serves in order. Neither would ever get its turn while the
    holder holds, so the holder has to let go and begin anew.

    Args:
        scout: a connection that isn't the holder.
        said: pg_dump's last words, which may have another reason to tell.

    Raises:
        LockQueueError: names who waits, and for which table.
    """
    if rows := scout.execute(_WAITING).fetchall():
        raise LockQueueError(
            f"pg_dump had to queue behind a statement that waits for a lock: {_named(rows)}."
            f" pg_dump: {said}",
            todo="Invoke the function again when that statement, a migration perhaps, is done.",
        )


@contextmanager
def held_snapshot(
    holder: Connection, scout: Connection, *, lock_wait_seconds: int
) -> Iterator[Snapshot]:
    """Lock every table, export a snapshot, and hold both until the block is left.

    Args:
        holder: an autocommit connection that does nothing else meanwhile.
        scout: another one, which lists the tables without giving the holder a snapshot.
        lock_wait_seconds: how long to wait for one lock. A waiting ACCESS SHARE lock makes later
            statements on that table queue behind it, so this is short.

    Raises:
        LockWaitError: somebody held a table exclusively for longer than that.
        SchemaChangingError: tables kept appearing, vanishing or being rewritten.
    """
    wait = sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{lock_wait_seconds}s"))
    holder.execute(wait)
    snapshot = _take(holder, scout, lock_wait_seconds)
    try:
        yield snapshot
    finally:
        if not holder.closed:
            _roll_back(holder)


def _take(holder: Connection, scout: Connection, lock_wait_seconds: int) -> Snapshot:
    for _ in range(_ATTEMPTS):
        try:
            holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _lock(holder, list_relations(scout))
            row = holder.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
            relations = list_relations(holder)
            if row and _nothing_slipped_through(holder, relations):
                return Snapshot(str(row[0]), holder, relations)
        except (
            psycopg.errors.UndefinedTable,  # dropped or renamed between the listing and its lock:
            psycopg.errors.InvalidSchemaName,  # list again
            psycopg.errors.DeadlockDetected,  # with a migration, which goes on when we let go
        ):
            pass
        except psycopg.errors.LockNotAvailable as error:
            raise _waited(scout, lock_wait_seconds, error) from None
        _roll_back(holder)
    raise SchemaChangingError(
        f"Tables were created, dropped or rewritten during each of {_ATTEMPTS} attempts to take"
        " a snapshot.",
        todo="Let the migration end, then invoke the function again.",
    )


def list_relations(connection: Connection) -> tuple[Relation, ...]:
    """Every table that pg_dump would consider, as this connection sees the catalog now."""
    cursor = connection.cursor(row_factory=class_row(Relation))
    return tuple(cursor.execute(TABLES))


def _lock(holder: Connection, relations: tuple[Relation, ...]) -> None:
    for some in batched(relations, _LOCKS_AT_ONCE, strict=False):
        names = sql.SQL(", ").join(sql.SQL("ONLY {}").format(r.identifier) for r in some)
        holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))


def _nothing_slipped_through(holder: Connection, relations: tuple[Relation, ...]) -> bool:
    """Lock what appeared after the listing; whether its files are still the snapshot's.

    `pg_relation_filenode` reads the catalog as it is now, the column as the snapshot has it.
    """
    locked = {row[0] for row in holder.execute(_LOCKED)}
    late = tuple(relation for relation in relations if relation.oid not in locked)
    if not late:
        return True
    _lock(holder, late)
    oids = {relation.oid for relation in late}
    return all(
        relation.partitioned or relation.file == relation.file_in_snapshot
        for relation in list_relations(holder)
        if relation.oid in oids
    )


def _waited(scout: Connection, seconds: int, error: psycopg.Error) -> LockWaitError:
    rows = scout.execute(_BLOCKERS).fetchall()
    who = _named(rows)
    prepared = sorted(
        {line(f"ROLLBACK PREPARED {sql.quote(str(row[4])).strip()};") for row in rows if row[4]}
    )
    if prepared:
        return LockWaitError(
            f"Waited {seconds} s for a table that is locked exclusively: {who}",
            todo="No session holds that lock, so nobody will let it go. If its transaction manager"
            f" no longer knows it, run in that database: {' '.join(prepared)} Then invoke the"
            " function again.",
        )
    return LockWaitError(
        f"Waited {seconds} s for a table that is locked exclusively: "
        + (who or str(error.diag.message_primary)),
        todo="Let that statement end (or end it: SELECT pg_terminate_backend(<process>)), then"
        " invoke the function again.",
    )


def _named(rows: list[tuple[object, ...]]) -> str:
    return "; ".join(
        (f"process {pid}" if gid is None else line(f"prepared transaction {gid}"))
        + f" ({user}) on {qualified(str(schema), str(table))}"
        for pid, user, schema, table, gid in rows
    )


def _roll_back(holder: Connection) -> None:
    try:
        holder.execute("ROLLBACK")
    except psycopg.OperationalError:
        holder.close()  # the server is gone, and with it the transaction
