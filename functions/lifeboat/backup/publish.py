"""Publishes a stored archive: with its manifest, it becomes a backup."""

from datetime import UTC, datetime

import lifeboat
from lifeboat.backup.policy.large_objects import warnings as large_object_warnings
from lifeboat.backup.run import BackupRun
from lifeboat.backup.store_archive import StoredArchive
from lifeboat.errors import LifeboatError, StorageError
from lifeboat.model.identifiers import qualified
from lifeboat.model.manifest import Archive, Manifest, StoredObject
from lifeboat.model.minor_releases import newer_server_notes, unfixed_standby_notes
from lifeboat.model.row_counts import with_content


def publish_backup(run: BackupRun, archive: StoredArchive) -> Manifest:
    """Store the globals, then the manifest. From then on the backup exists.

    Raises:
        AlreadyTakenError: another run has published this backup.
        LifeboatError: S3 refused or failed, or the time ran out; the run's `publication` says
            whether the backup is published all the same.
    """
    location, bucket, protection = run.location, run.bucket, run.protection()
    script = archive.contents.globals
    roles = script and run.scope.call(lambda: bucket.put(location.globals_key, script, protection))
    manifest = _manifest(run, archive, roles or None)
    document = manifest.to_json()
    run.publication.begin()
    try:
        run.scope.call(
            lambda: bucket.put(location.manifest_key, document, protection, if_absent=True)
        )
    except StorageError as refused:
        # S3 may have stored it and failed afterwards; or the answer was lost and the SDK repeated
        # the request, which S3 then refused because our own was there.
        if _published_manifest(run, refused) != manifest:
            raise
    run.publication.found(published=True)
    return manifest


def _published_manifest(run: BackupRun, refused: StorageError) -> Manifest | None:
    """The manifest that is stored now, after S3 has not confirmed ours."""
    try:
        published = run.scope.call(run.stored_state).manifest
    except LifeboatError as error:
        error.add_note(f"Before that: {refused.what}")
        raise
    run.publication.found(published=published is not None)
    return published


def _manifest(run: BackupRun, archive: StoredArchive, roles: StoredObject | None) -> Manifest:
    location, dump, source = run.location, archive.dump, archive.source
    counted = archive.streamed.counted
    pg_dump = dump.programs.version("pg_dump", dump.major)
    return Manifest(
        database=location.database,
        tier=location.tier,
        scheduled_at=location.scheduled_at,
        label=run.label,
        run_id=run.run_id,
        lifeboat_version=lifeboat.__version__,
        started=run.started,
        finished=datetime.now(UTC),
        engine=run.engine,
        memory_mb=run.settings.backup.memory_mb,
        archive=Archive(
            compression=dump.effective_compression,
            encoding=None if dump.encoding else source.encoding,
            pg_dump=pg_dump,
            objects=(archive.stored,),
            largest_row_bytes=counted.largest_row_bytes,
            largest_row_table=qualified(*table) if (table := counted.largest_row_table) else None,
        ),
        globals=roles,
        notes=(
            *_source_notes(run),
            *archive.notes,
            *large_object_warnings(run.large_objects),
            *newer_server_notes(source.server_version, pg_dump),
            *unfixed_standby_notes(source.server_version, standby=source.standby),
        ),
        source=source,
        inventory=with_content(archive.contents.inventory, counted),
        retention=run.retention(),
        seconds=dict(run.phases.seconds),
        bytes_read=run.meter.bytes,
        large_object_reads=run.large_objects,
        branch=archive.branch,
        branch_missing=run.chosen.missing,
    )


def _source_notes(run: BackupRun) -> tuple[str, ...]:
    """That the database was read where a branch was to be."""
    missing = run.chosen.missing
    return (f"The database itself was read, and no branch: {missing}",) if missing else ()
