"""Stores a database's archive, and checks it against the snapshot of the dump."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg

from lifeboat.backup.catalog import require_unchanged
from lifeboat.backup.connect_source import SourceConnections
from lifeboat.backup.explain_counts import explain_counts
from lifeboat.backup.lock_table import lock_table_named
from lifeboat.backup.pg_dump import Dump
from lifeboat.backup.policy.attempts import pause_before_next
from lifeboat.backup.privileges import require_ascii_names
from lifeboat.backup.run import BackupRun
from lifeboat.backup.stream_archive import ArchiveStream, StreamResult, archive_stream
from lifeboat.backup.take_inventory import SnapshotContents, read_snapshot
from lifeboat.errors import (
    AlreadyTakenError,
    DefinitionsChangedError,
    DumpError,
    LockQueueError,
    SourceError,
)
from lifeboat.model.identifiers import split_qualified
from lifeboat.model.inventory import Source
from lifeboat.model.manifest import StoredObject
from lifeboat.model.row_counts import require_same, with_decoded_rows
from lifeboat.model.source_branch import SourceBranch
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.inventory_queries import read_source, with_descendants
from lifeboat.postgres.snapshot import Snapshot, held_snapshot, require_no_queue
from lifeboat.s3.bucket import StoredState
from lifeboat.s3.upload import ArchiveUpload
from lifeboat.settings.providers import provider_of

_SQL_ASCII = "SQL_ASCII"


@dataclass(frozen=True)
class StoredArchive:
    """A stored archive, and what it was checked against.

    Attributes:
        source: the server and the time of the snapshot.
        branch: that was read in the place of the database; None if it was read itself.
        dump: how it was dumped.
        contents: of the snapshot.
        streamed: what was decoded while it was uploaded.
        notes: what a reader should know.
        stored: the object in the bucket.
    """

    source: Source
    branch: SourceBranch | None
    dump: Dump
    contents: SnapshotContents
    streamed: StreamResult
    notes: tuple[str, ...]
    stored: StoredObject


def store_archive(
    run: BackupRun, connections: SourceConnections, stored: StoredState
) -> StoredArchive:
    """Dump, decode, count and store: in UTF-8, or else in the database's own encoding.

    Raises:
        AlreadyTakenError: another run was first.
        LifeboatError: any other failure. The upload is aborted.
    """
    try:
        return _undisturbed(run, connections, stored, own_encoding=False)
    except DumpError as error:
        if not _lacks_utf8(error, connections.catalog_conn):
            raise
        require_ascii_names(connections.catalog_conn)
        run.log("backup.restarted", {"attempt": 2, "reason": error.what, "notes": []})
    return _undisturbed(run, connections, stored, own_encoding=True)


def _lacks_utf8(error: DumpError, catalog_conn: Connection) -> bool:
    """Whether pg_dump met a character without an equivalent in UTF-8.

    The server's language is anybody's, but its message has the bytes and both encodings' names.
    """
    encoding = catalog_conn.info.parameter_status("server_encoding") or ""
    told = all(part in error.what for part in (" 0x", encoding, "UTF8"))
    return told and encoding not in {"UTF8", _SQL_ASCII}


def _undisturbed(
    run: BackupRun, connections: SourceConnections, stored: StoredState, *, own_encoding: bool
) -> StoredArchive:
    """Attempt it, and repeat it when a migration has disturbed it."""
    disturbed: list[str] = []
    while True:
        begun = time.monotonic()
        try:
            with lock_table_named(connections.catalog_conn):
                archive = _attempt(run, connections, stored, own_encoding=own_encoding)
        except (LockQueueError, DefinitionsChangedError) as error:
            disturbed.append(error.what)
            took = time.monotonic() - begun
            pause = pause_before_next(len(disturbed), took, run.remaining())
            if pause is None:
                raise _attempts_exhausted(error, len(disturbed), took) from None
            run.log(
                "backup.restarted",
                {
                    "attempt": len(disturbed) + 1,
                    "reason": error.what,
                    "notes": getattr(error, "__notes__", []),
                },
            )
        else:
            notes = tuple(f"Begun anew: {what}" for what in disturbed)
            return replace(archive, notes=(*archive.notes, *notes))
        run.scope.pause(pause)


def _attempts_exhausted(error: SourceError, attempts: int, took: float) -> SourceError:
    tried = "once" if attempts == 1 else f"{attempts} times"
    exhausted = type(error)(
        f"{error.what} Tried {tried}; the last attempt took {took:.0f} s.", todo=error.todo
    )
    for note in getattr(error, "__notes__", []):
        exhausted.add_note(note)
    return exhausted


def _attempt(
    run: BackupRun, connections: SourceConnections, stored: StoredState, *, own_encoding: bool
) -> StoredArchive:
    wait = run.settings.backup.lock_wait_seconds
    with ExitStack() as stack:
        with run.phases.timed("upload"):
            upload = run.new_upload()
            run.scope.call(upload.open)
            stack.enter_context(upload)
        with run.phases.timed("snapshot"):
            snapshot = stack.enter_context(
                held_snapshot(
                    connections.snapshot_conn, connections.catalog_conn, lock_wait_seconds=wait
                )
            )
            source = _of_database(read_source(snapshot.connection), connections)
            excluded, notes = _excluded(run, snapshot)
            encoding = None if own_encoding or source.encoding == _SQL_ASCII else "UTF8"
            dump = _dump(run, connections, snapshot, encoding, excluded)
            run.meter.add_descriptions(connections.major, len(snapshot.relations))
            stream = stack.enter_context(
                archive_stream(run, dump, upload, tables=_with_rows(snapshot, excluded))
            )
            if not (begun := stream.transfer_chunk()):
                require_no_queue(connections.catalog_conn, stream.stderr_tail())
            # pg_dump reads most names before its first byte: if one has changed by then, the rest
            # would be wasted time.
            require_unchanged(snapshot, connections.catalog_conn)
            if not begun:
                stream.finish()  # raises the reason
        with run.scope.alongside(
            lambda: read_snapshot(run, connections.login, snapshot, dump, excluded)
        ) as counting:
            with run.phases.timed("archive"):
                streamed = _finish(stream)
            with run.phases.timed("count"):
                contents = counting.result()
        # By now the roles have been read too.
        if isinstance(streamed, DumpError):
            _require_own_failure(streamed, snapshot, connections)
            raise streamed
        require_unchanged(snapshot, connections.catalog_conn)
        inventory = with_decoded_rows(contents.inventory, contents.uncounted, streamed.counted)
        inventory, damages = explain_counts(snapshot, inventory, streamed.counted, excluded)
        require_same(inventory, streamed.counted)
        contents = replace(contents, inventory=inventory, notes=(*damages, *contents.notes))
        with run.phases.timed("complete"):
            archive = run.scope.call(lambda: _complete(run, upload, stored))
    if streamed.said:
        notes = (*notes, f"pg_dump: {streamed.said}")
    notes = (*connections.login.notes, *_encoding_notes(source, dump), *notes, *contents.notes)
    return StoredArchive(source, connections.branch, dump, contents, streamed, notes, archive)


def _of_database(read: Source, connections: SourceConnections) -> Source:
    """The source as the database: where that is, and the moment and position of what was read.

    Who compares servers compares the database's. A branch has its data of the moment at which it
    was made, and its own compute writes to the log before anything is read.
    """
    database, branch = connections.database, connections.branch
    of_branch = {"lsn": branch.lsn, "snapshot_time": branch.moment} if branch else {}
    of_server = {"endpoint": database.digest, "provider": provider_of(database.host)}
    return read.model_copy(update=of_server | of_branch)


def _require_own_failure(
    error: DumpError, snapshot: Snapshot, connections: SourceConnections
) -> None:
    """Raise the change of a definition that may have caused pg_dump's failure, if there is one."""
    try:
        require_unchanged(snapshot, connections.catalog_conn)
    except psycopg.Error:
        raise error from None  # what ended pg_dump has ended our sessions too


def _finish(stream: ArchiveStream) -> StreamResult | DumpError:
    """Finish the stream. Returns its result, or pg_dump's failure."""
    try:
        return stream.finish()
    except DumpError as error:
        return error


def _encoding_notes(source: Source, dump: Dump) -> tuple[str, ...]:
    if dump.encoding:
        return ()
    note = (
        f"The database has characters in {source.encoding} that have no equivalent in UTF-8, so a"
        " second attempt dumped it in its own encoding: a restore into a database of another"
        " encoding may refuse them."
    )
    if source.encoding != _SQL_ASCII:
        return (note,)
    note = (
        "The database is in SQL_ASCII, which says nothing about its bytes: they are dumped as they"
        " are, and a restore into another encoding may refuse them."
    )
    return (note,)


def _complete(run: BackupRun, upload: ArchiveUpload, stored: StoredState) -> StoredObject:
    """Make the archive visible, unless another run has published an archive here meanwhile.

    Ours would replace the archive that the other run's manifest describes.
    """
    upload.flush()
    if stored.has_archive and run.stored_state().manifest:
        raise AlreadyTakenError(
            f"Another run has published {run.location.id}.",
            todo="Nothing: the backup for this time exists.",
        )
    return upload.complete(if_absent=not stored.has_archive)


def _excluded(run: BackupRun, snapshot: Snapshot) -> tuple[frozenset[int], tuple[str, ...]]:
    """Numbers of the tables whose rows are left out, and notes for people."""
    wanted = {split_qualified(n): n for n in run.database.exclude_table_data}
    found = {(r.schema, r.name): r.oid for r in snapshot.relations}
    oids = [oid for name, oid in found.items() if name in wanted]
    notes = tuple(
        f"exclude_table_data names {text}, which does not exist."
        for name, text in wanted.items()
        if name not in found
    )
    lost = [r for r in snapshot.relations if r.lost]
    notes += tuple(
        f"{r.schema}.{r.name} is unlogged: its rows are on the primary server only, not on this"
        " standby."
        for r in lost
    )
    return with_descendants(snapshot.connection, oids) | {r.oid for r in lost}, notes


def _with_rows(snapshot: Snapshot, excluded: frozenset[int]) -> int:
    """The number of tables that the archive loads rows into."""
    dumped = (r for r in snapshot.relations if not (r.partitioned or r.oid in excluded))
    return len({(r.loaded_schema, r.loaded_name) for r in dumped})


def _dump(
    run: BackupRun,
    connections: SourceConnections,
    snapshot: Snapshot,
    encoding: str | None,
    excluded: frozenset[int],
) -> Dump:
    return Dump(
        programs=run.programs,
        major=connections.major,
        connection=connections.login.environment(),
        snapshot=snapshot.id,
        compression=run.settings.backup.compression,
        encoding=encoding,
        without_data_of=tuple((r.schema, r.name) for r in snapshot.relations if r.oid in excluded),
    )
