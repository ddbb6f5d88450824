"""Stores a database's archive, checked against the very snapshot that it was dumped from."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg

from lifeboat.backup.catalog import require_unchanged
from lifeboat.backup.connect_source import ReadyDatabase
from lifeboat.backup.pg_dump import Dump
from lifeboat.backup.policy.attempts import pause_before_next
from lifeboat.backup.run import BackupRun
from lifeboat.backup.stream_archive import ArchiveStream, Streamed, archive_stream
from lifeboat.backup.take_inventory import Survey, beside, survey
from lifeboat.errors import (
    AlreadyTakenError,
    BackupError,
    DefinitionsChangedError,
    DumpError,
    LockQueueError,
)
from lifeboat.model.identifiers import split_qualified
from lifeboat.model.inventory import Source
from lifeboat.model.manifest import StoredObject
from lifeboat.model.row_counts import require_same
from lifeboat.postgres.inventory_queries import read_source, with_descendants
from lifeboat.postgres.snapshot import Snapshot, held_snapshot, require_no_queue
from lifeboat.s3.bucket import StoredState
from lifeboat.s3.upload import ArchiveUpload
from lifeboat.settings.providers import provider_of

_SQL_ASCII = "SQL_ASCII"


@dataclass(frozen=True)
class StoredArchive:
    """An archive in its place, and what it was checked against.

    Attributes:
        source: the server and the moment.
        dump: how it was dumped.
        survey: what the snapshot held.
        streamed: what was decoded while it was sent.
        notes: what a reader should know.
        stored: the object in the vault.
    """

    source: Source
    dump: Dump
    survey: Survey
    streamed: Streamed
    notes: tuple[str, ...]
    stored: StoredObject


def store_archive(run: BackupRun, ready: ReadyDatabase, stored: StoredState) -> StoredArchive:
    """Dump, decode, count and store; begin anew when a migration came in between.

    Raises:
        AlreadyTakenError: another run was first.
        BackupError: any other failure. What had been uploaded is aborted.
    """
    disturbed: list[str] = []
    while True:
        begun = time.monotonic()
        try:
            archive = _attempt(run, ready, stored)
        except (LockQueueError, DefinitionsChangedError) as error:
            disturbed.append(error.what)
            took = time.monotonic() - begun
            pause = pause_before_next(len(disturbed), took, run.remaining())
            if pause is None:
                raise _given_up(error, len(disturbed), took) from None
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
        run.watch.pause(pause)


def _given_up(error: BackupError, attempts: int, took: float) -> BackupError:
    tried = "once" if attempts == 1 else f"{attempts} times"
    given_up = type(error)(
        f"{error.what} Tried {tried}; the last attempt took {took:.0f} s.", todo=error.todo
    )
    for note in getattr(error, "__notes__", []):
        given_up.add_note(note)
    return given_up


def _attempt(run: BackupRun, ready: ReadyDatabase, stored: StoredState) -> StoredArchive:
    wait = run.settings.backup.lock_wait_seconds
    endpoint = ready.login.endpoint
    with ExitStack() as stack:
        with run.phases.timed("upload"):
            upload = run.new_upload()
            run.watch.call(upload.open)
            stack.enter_context(upload)
        with run.phases.timed("snapshot"):
            snapshot = stack.enter_context(
                held_snapshot(ready.holder, ready.scout, lock_wait_seconds=wait)
            )
            source = read_source(snapshot.connection).model_copy(
                update={"endpoint": endpoint.digest, "provider": provider_of(endpoint.host)}
            )
            excluded, notes = _excluded(run, snapshot)
            dump = _dump(run, ready, snapshot, source, excluded)
            run.meter.add_descriptions(ready.major, len(snapshot.relations))
            stream = stack.enter_context(archive_stream(run, dump, upload))
            if not (begun := stream.pass_on()):
                require_no_queue(ready.scout, stream.last_words())
            # Most names are read before pg_dump's first byte: if one changed by then, the rest
            # isn't worth its time.
            require_unchanged(snapshot, ready.scout)
            if not begun:
                stream.finish()  # which says why
        with beside(
            run.watch, lambda: survey(run, ready.login, snapshot, dump, excluded)
        ) as counting:
            with run.phases.timed("archive"):
                streamed = _ended(stream)
            with run.phases.timed("count"):
                surveyed = counting.result()
        # The roles have been read too.
        if isinstance(streamed, DumpError):
            _require_fault(streamed, snapshot, ready)
            raise streamed
        require_unchanged(snapshot, ready.scout)
        require_same(surveyed.inventory, streamed.counted)
        with run.phases.timed("complete"):
            archive = run.watch.call(lambda: _complete(run, upload, stored))
    if streamed.said:
        notes = (*notes, f"pg_dump: {streamed.said}")
    notes = (*ready.login.notes, *_on_encoding(source), *notes, *surveyed.notes)
    return StoredArchive(source, dump, surveyed, streamed, notes, archive)


def _require_fault(error: DumpError, snapshot: Snapshot, ready: ReadyDatabase) -> None:
    """Let pass only a failure of pg_dump that comes of something else than a change."""
    try:
        require_unchanged(snapshot, ready.scout)
    except psycopg.Error:
        raise error from None  # what ended pg_dump has ended our sessions too


def _ended(stream: ArchiveStream) -> Streamed | DumpError:
    """The dump's end: what went through, or why pg_dump says that it failed."""
    try:
        return stream.finish()
    except DumpError as error:
        return error


def _on_encoding(source: Source) -> tuple[str, ...]:
    if source.encoding != _SQL_ASCII:
        return ()
    note = (
        "The database is in SQL_ASCII, which says nothing about its bytes: they are dumped as they"
        " are, and a restore into another encoding may refuse them."
    )
    return (note,)


def _complete(run: BackupRun, upload: ArchiveUpload, stored: StoredState) -> StoredObject:
    """Make the archive visible, unless what looked like a leftover was another run's.

    That run has published it meanwhile, and its manifest must not lose its archive to ours.
    """
    upload.settle()
    if stored.has_archive and run.look().manifest:
        raise AlreadyTakenError(
            f"Another run has published {run.location.id}.",
            todo="Nothing: the backup for this time exists.",
        )
    return upload.complete(only_first=not stored.has_archive)


def _excluded(run: BackupRun, snapshot: Snapshot) -> tuple[frozenset[int], tuple[str, ...]]:
    """Numbers of the tables whose rows stay out, and notes on what is unexpected there."""
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


def _dump(
    run: BackupRun,
    ready: ReadyDatabase,
    snapshot: Snapshot,
    source: Source,
    excluded: frozenset[int],
) -> Dump:
    return Dump(
        programs=run.programs,
        major=ready.major,
        connection=ready.login.environment(),
        snapshot=snapshot.id,
        compression=run.settings.backup.compression,
        encoding=None if source.encoding == _SQL_ASCII else "UTF8",
        without_data_of=tuple((r.schema, r.name) for r in snapshot.relations if r.oid in excluded),
    )
