"""Looks, before a dump, whether it fits into the function's time."""

from datetime import UTC, datetime

from lifeboat.backup.policy.engine import DatabaseSize, Room, estimate, require_fit, surely_fits
from lifeboat.backup.run import BackupRun
from lifeboat.errors import LifeboatError
from lifeboat.model.identifiers import split_qualified
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.connect import Connection
from lifeboat.s3.newest_backup import newest_backup

_SIZE = """
WITH RECURSIVE excluded AS (
    SELECT c.oid, c.reltoastrelid
    FROM ROWS FROM (
        pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(names)s::text[])
    ) AS e (schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname::text = e.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname::text = e.name
    UNION
    SELECT c.oid, c.reltoastrelid
    FROM excluded e JOIN pg_catalog.pg_inherits i ON i.inhparent = e.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
), files AS (
    SELECT oid FROM excluded
    UNION SELECT reltoastrelid FROM excluded
    UNION SELECT i.indexrelid FROM pg_catalog.pg_index i JOIN excluded e ON e.oid = i.indrelid
)
SELECT pg_catalog.pg_database_size(pg_catalog.current_database()),
       coalesce(pg_catalog.sum(greatest(c.relpages, 0)::bigint), 0)::bigint
         * pg_catalog.current_setting('block_size')::bigint
FROM files f JOIN pg_catalog.pg_class c ON c.oid = f.oid
"""
"""Pages are as the last VACUUM or ANALYZE counted them: to ask for a table's size waits for those
who lock it."""


def require_time(run: BackupRun, connection: Connection) -> None:
    """Raise unless the backup probably fits into the function's time.

    It takes one round trip to the server; then, for larger databases, a few requests to S3.

    Args:
        run: that may become a job.
        connection: to the database, before any lock or snapshot.

    Raises:
        OutgrownError: it doesn't fit.
        StatementError: the connection broke.
    """
    size, room = read_size(connection, run.database.exclude_table_data), _room(run)
    if surely_fits(size, room):
        return
    newest = run.scope.call(lambda: _newest(run))
    machine = run.settings.for_job("backup").backup
    here, in_job = (
        estimate(size, memory_mb, newest, run.large_objects)
        for memory_mb in (room.memory_mb, machine.memory_mb)
    )
    require_fit(here, room, in_job)


def read_size(connection: Connection, excluded: tuple[str, ...]) -> DatabaseSize:
    """The size of the database.

    Args:
        connection: to it.
        excluded: the tables whose rows are left out. Names that are not ASCII count as not
            excluded: some encodings can't even be asked for them.

    Raises:
        psycopg.Error: the connection broke.
    """
    names = [split_qualified(each) for each in excluded if each.isascii()]
    found = {"schemas": [each[0] for each in names], "names": [each[1] for each in names]}
    ((size, left_out),) = connection.execute(_SIZE, found).fetchall()
    if not (isinstance(size, int) and isinstance(left_out, int)):
        raise TypeError(f"sizes that are no numbers: {size!r}, {left_out!r}")
    return DatabaseSize(size, left_out)


def _room(run: BackupRun) -> Room:
    size = run.settings.backup
    return Room(
        memory_mb=size.memory_mb,
        minutes=size.timeout_minutes,
        threshold_percent=run.settings.job.threshold_percent,
        seconds_left=run.remaining(),
    )


def _newest(run: BackupRun) -> Manifest | None:
    """The newest backup, which shows the pace; without it the usual pace is good enough."""
    try:
        return newest_backup(run.bucket, run.location.database, datetime.now(UTC))
    except LifeboatError as error:
        run.log("backup.pace_unknown", {"reason": error.what})
        return None
