"""Holds one snapshot of the database, and locks every table so that none can lose its rows unseen.

A snapshot alone is not enough. TRUNCATE, a table rewrite and SET UNLOGGED give a table new, empty
files. If one commits after the snapshot was exported and before pg_dump locks the table, pg_dump
reads no rows and exits 0, and `count(*)` in the same snapshot agrees. So every table is locked in
ACCESS SHARE mode *before* the snapshot is taken (LOCK TABLE takes none), in the transaction that
exports it. A table that is created in between is locked afterwards, and its files are compared.
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
"""The tables that pg_dump chooses: outside of the system's schemas, permanent or unlogged, plus the
configuration tables of extensions with their condition (pg_dump.c, processExtensionTables). It
loads the partitions of a table that is hashed by an enum, whose values hash differently after a
restore, through the root (pg_dump.c, forcePartitionRootLoad)."""

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
        file: number of its files now, or None where it has none.
        file_in_snapshot: the same number in the snapshot that read it.
        condition: for an extension's configuration table, which rows pg_dump takes (`WHERE ...`),
            else empty.
        loaded_schema: of the table that the archive loads its rows into.
        loaded_name: of the same: itself, or its partition tree's root.
        lost: whether its rows aren't on this server: a standby has no rows of an unlogged table.
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
        connection: it holds the snapshot in its transaction; its queries see the snapshot.
        relations: every table in the snapshot, all locked.
    """

    id: str
    connection: Connection
    relations: tuple[Relation, ...]


def require_no_queue(catalog_conn: Connection, stderr: str) -> None:
    """Refuse to go on when a statement waits for a table that the snapshot has locked.

    The snapshot's locks don't block pg_dump's. But a statement that waits for an exclusive lock
    does, because PostgreSQL grants locks in order. Neither of the two would get its lock while the
    snapshot is held, so the snapshot has to be given up and taken again.

    Args:
        catalog_conn: a connection that doesn't hold the snapshot.
        stderr: the end of pg_dump's messages, which may give another reason.

    Raises:
        LockQueueError: names who waits, and for which table.
    """
    if rows := catalog_conn.execute(_WAITING).fetchall():
        raise LockQueueError(
            f"pg_dump had to queue behind a statement that waits for a lock: {_list_locks(rows)}."
            f" pg_dump: {stderr}",
            todo="Invoke the function again when that statement, a migration perhaps, is done.",
        )


@contextmanager
def held_snapshot(
    snapshot_conn: Connection, catalog_conn: Connection, *, lock_wait_seconds: int
) -> Iterator[Snapshot]:
    """Lock every table, export a snapshot, and hold both until the block is left.

    Args:
        snapshot_conn: an autocommit connection that does nothing else meanwhile.
        catalog_conn: another one. It lists the tables, which must not give `snapshot_conn` a
            snapshot yet.
        lock_wait_seconds: how long to wait for one lock. Later statements on that table queue
            behind a waiting ACCESS SHARE lock, so this is short.

    Raises:
        LockWaitError: somebody held a table exclusively for longer than that.
        SchemaChangingError: tables kept appearing, vanishing or being rewritten.
    """
    wait = sql.SQL("SET lock_timeout = {}").format(sql.Literal(f"{lock_wait_seconds}s"))
    snapshot_conn.execute(wait)
    snapshot = _take(snapshot_conn, catalog_conn, lock_wait_seconds)
    try:
        yield snapshot
    finally:
        if not snapshot_conn.closed:
            _roll_back(snapshot_conn)


def _take(snapshot_conn: Connection, catalog_conn: Connection, lock_wait_seconds: int) -> Snapshot:
    for _ in range(_ATTEMPTS):
        try:
            snapshot_conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _lock(snapshot_conn, list_relations(catalog_conn))
            row = snapshot_conn.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
            relations = list_relations(snapshot_conn)
            if row and _lock_new_tables(snapshot_conn, relations):
                return Snapshot(str(row[0]), snapshot_conn, relations)
        except (
            psycopg.errors.UndefinedTable,  # dropped or renamed between the listing and its lock:
            psycopg.errors.InvalidSchemaName,  # list again
            psycopg.errors.DeadlockDetected,  # with a migration, which continues when we roll back
        ):
            pass
        except psycopg.errors.LockNotAvailable as error:
            raise _lock_wait_error(catalog_conn, lock_wait_seconds, error) from None
        _roll_back(snapshot_conn)
    raise SchemaChangingError(
        f"Tables were created, dropped or rewritten during each of {_ATTEMPTS} attempts to take"
        " a snapshot.",
        todo="Let the migration end, then invoke the function again.",
    )


def list_relations(connection: Connection) -> tuple[Relation, ...]:
    """Every table that pg_dump would consider, as this connection sees the catalog now."""
    cursor = connection.cursor(row_factory=class_row(Relation))
    return tuple(cursor.execute(TABLES))


def _lock(snapshot_conn: Connection, relations: tuple[Relation, ...]) -> None:
    for some in batched(relations, _LOCKS_AT_ONCE, strict=False):
        names = sql.SQL(", ").join(sql.SQL("ONLY {}").format(r.identifier) for r in some)
        snapshot_conn.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))


def _lock_new_tables(snapshot_conn: Connection, relations: tuple[Relation, ...]) -> bool:
    """Lock the tables that appeared after the listing. Whether their files are the snapshot's.

    `pg_relation_filenode` reads the catalog as it is now; the column shows it as in the snapshot.
    """
    locked = {row[0] for row in snapshot_conn.execute(_LOCKED)}
    late = tuple(relation for relation in relations if relation.oid not in locked)
    if not late:
        return True
    _lock(snapshot_conn, late)
    oids = {relation.oid for relation in late}
    return all(
        relation.partitioned or relation.file == relation.file_in_snapshot
        for relation in list_relations(snapshot_conn)
        if relation.oid in oids
    )


def _lock_wait_error(catalog_conn: Connection, seconds: int, error: psycopg.Error) -> LockWaitError:
    rows = catalog_conn.execute(_BLOCKERS).fetchall()
    who = _list_locks(rows)
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


def _list_locks(rows: list[tuple[object, ...]]) -> str:
    return "; ".join(
        (f"process {pid}" if gid is None else line(f"prepared transaction {gid}"))
        + f" ({user}) on {qualified(str(schema), str(table))}"
        for pid, user, schema, table, gid in rows
    )


def _roll_back(snapshot_conn: Connection) -> None:
    try:
        snapshot_conn.execute("ROLLBACK")
    except psycopg.OperationalError:
        snapshot_conn.close()  # the server is gone, and with it the transaction
