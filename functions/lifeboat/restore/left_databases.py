"""Finds the databases that restores and swaps have left on a server."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, LiteralString

from botocore.exceptions import ClientError

from lifeboat.errors import ManifestError, NoBackupError, RefusedError, ReportError, StorageError
from lifeboat.model.identifiers import quoted
from lifeboat.model.keys import restore_key
from lifeboat.postgres.connect import Connection
from lifeboat.restore.policy.copy_names import CopyName
from lifeboat.restore.policy.database_answers import DatabaseList, LeftDatabase
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.left_databases import is_restored, newest_copies
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.run import RestoreRun, drop_statement
from lifeboat.restore.target import open_target
from lifeboat.s3.bucket import code_of
from lifeboat.s3.read import find_backups, read_manifest, read_object

_DATABASES: LiteralString = """
SELECT datname, pg_catalog.pg_get_userbyid(datdba),
       CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT')
                 OR pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
            THEN pg_catalog.pg_database_size(oid) END,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
FROM pg_catalog.pg_database d WHERE datname = ANY (%s)
"""


def read_restore_report(run: RestoreRun, started: datetime) -> RestoreReport:
    """The report of the restore of this database that began then.

    Raises:
        StorageError: there is none, or S3 refused or failed.
        ReportError: it is damaged or newer than this Lifeboat.
    """
    key = restore_key(run.event.database, started)
    return RestoreReport.from_json(read_object(run.bucket, key), key=key)


def choose_database(run: RestoreRun) -> str:
    """The database that an event without a name means, on the server of the target.

    For a swap that is the newest one that a restore has made; for `undo`, what was live before the
    newest swap.

    Raises:
        RefusedError: there is none.
        NoBackupError: without a backup it isn't known which database is the live one.
        ServerError: the server can't be reached or used.
    """
    live = run.scope.call(lambda: _live_name(run))
    open_target(run, live)
    undo = run.event.action is Action.UNDO
    for name, parsed in newest_copies(run.facts.databases, run.started):
        if undo and parsed.kind == "before" and parsed.is_of(live):
            return name
        if not undo and is_restored(name, _report(run, parsed), run.facts.endpoint):
            return name
    raise _none(run, live)


def list_left_databases(run: RestoreRun) -> DatabaseList:
    """What restores and swaps of this database have left on the server of the target.

    Raises:
        NoBackupError: without a backup it isn't known which database is the live one.
        ServerError: the server can't be reached or used.
    """
    live = run.scope.call(lambda: _live_name(run))
    open_target(run, live)
    left = tuple(_left(run, live))
    with run.session() as connection:
        seen = _look(connection, [name for name, _, _ in left])
    return DatabaseList(
        action=run.event.action,
        database=run.event.database,
        server=run.facts.server,
        live_database=live,
        databases=tuple(
            LeftDatabase(
                name=name,
                kind="previous" if parsed.kind == "before" else parsed.kind,
                created_at=parsed.moment,
                complete=report is not None or parsed.kind == "before",
                backup=report and report.backup,
                data_as_of=report and report.snapshot_time,
                verdict=report and report.verdict,
                owner=seen[name][0],
                bytes=seen[name][1],
                sessions=seen[name][2],
                drop_sql=drop_statement(name),
            )
            for name, parsed, report in left
            if name in seen  # it may have been dropped meanwhile
        ),
    )


def _left(run: RestoreRun, live: str) -> Iterator[tuple[str, CopyName, RestoreReport | None]]:
    """Copies of the live database, and what was live before; those of other databases not.

    One that a report calls this database's, or that has its name: a restore that didn't come to
    its end has no report.
    """
    for name, parsed in newest_copies(run.facts.databases, run.started):
        report = _report(run, parsed)
        if report is None and parsed.is_of(live):
            yield name, parsed, None
        elif report is not None and report.restored_database == name:
            yield name, parsed, report


def _report(run: RestoreRun, name: CopyName) -> RestoreReport | None:
    """The report of the restore that made a copy; None where there is none, or a damaged one."""
    if name.kind == "before":
        return None
    try:
        return run.scope.call(lambda: read_restore_report(run, name.moment))
    except ReportError:
        return None
    except StorageError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) == "NoSuchKey":
            return None
        raise


def _look(connection: Connection, names: list[str]) -> dict[str, tuple[str, int | None, int]]:
    """Owner, size and number of sessions by name."""
    rows: list[Any] = connection.execute(_DATABASES, [names]).fetchall()
    return {name: (owner, size, sessions) for name, owner, size, sessions in rows}


def _live_name(run: RestoreRun) -> str:
    """The live database's name on its server, by the newest backup that can be read."""
    for each in find_backups(run.bucket, run.event.database):
        try:
            return read_manifest(run.bucket, each.location).source.database
        except ManifestError:
            continue
    raise NoBackupError(
        f"There is no backup of {run.event.database} that can be read, so the name of the live"
        " database is not known.",
        todo="List the server's databases (psql --list), and name the one to swap in as"
        " `restored_database`.",
        safe="Nothing was touched: this only looked into the bucket.",
    )


def _none(run: RestoreRun, live: str) -> RefusedError:
    where = f"on {run.facts.server}"
    target = "If it is on another server, give its secret as `target`."
    if run.event.action is Action.UNDO:
        return RefusedError(
            f"There is no database {where} that a swap of {quoted(live)} has moved aside.",
            todo=f"{target} If it was dropped, restore a backup.",
        )
    return RefusedError(
        f"There is no database {where} that a restore of {run.event.database} has made.",
        todo=f"Restore first. {target}",
    )
