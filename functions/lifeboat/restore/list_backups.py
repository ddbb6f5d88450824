"""Lists the backups of a database, and the tables of a backup."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice

from lifeboat.model.drill_report import DrillReport
from lifeboat.model.identifiers import qualified
from lifeboat.model.manifest import Manifest
from lifeboat.model.thaw import StorageState
from lifeboat.restore.choose_backup import backups_before
from lifeboat.restore.policy.answers import BackupList, ListedBackup, ListedTable, TableList
from lifeboat.restore.policy.event import Action, RestoreEvent
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import storage_state_of
from lifeboat.s3.read import BackupRef, find_backups, newest_reports

_MAX_BACKUPS = 100
"""Backups in one answer: each needs a request for its manifest and, if cold, one more."""

_MAX_REPORTS = 100


def list_backups(run: RestoreRun) -> BackupList:
    """The newest backups, the newest first; with `before` those whose data is of an earlier moment.

    Raises:
        StorageError: S3 doesn't let us look.
    """
    bucket, event = run.bucket, run.event
    found = find_backups(bucket, event.database)
    drills = _newest_drills(newest_reports(bucket, event.database, _MAX_REPORTS))
    chosen = list(islice(backups_before(run, found), _MAX_BACKUPS + 1))
    listed = tuple(_listed(run, each, manifest, drills) for each, manifest in chosen[:_MAX_BACKUPS])
    newest = next((each for each in listed if each.available), None)
    return BackupList(
        action=event.action,
        database=event.database,
        next_event=_restore_event(event.database, newest.backup) if newest else None,
        backups=listed,
        next_page=_next_page(event, chosen[_MAX_BACKUPS:]),
    )


def _restore_event(database: str, backup: str) -> dict[str, object]:
    return {"action": Action.RESTORE.value, "database": database, "backup": backup}


def _next_page(
    event: RestoreEvent, rest: list[tuple[BackupRef, Manifest]]
) -> dict[str, object] | None:
    """The event for the next page, if there is one."""
    for _, manifest in rest:
        return event.with_changes(before=_just_after(manifest.source.snapshot_time))
    return None


def list_tables(run: RestoreRun) -> TableList:
    """The tables in a backup's manifest; a partitioned table by its partitions."""
    manifest = run.manifest
    return TableList(
        action=run.event.action,
        database=run.event.database,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        tables=tuple(
            ListedTable(
                table=qualified(table.schema, table.name),
                rows=table.rows,
                data_excluded=table.data_excluded,
            )
            for table in manifest.inventory.tables
        ),
    )


def _just_after(moment: datetime) -> str:
    """The next whole second, in the format of events."""
    return f"{moment + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"


def _newest_drills(reports: list[DrillReport]) -> Mapping[str, DrillReport]:
    """The newest drill of each backup, by the backup's id."""
    return {report.backup: report for report in reversed(reports) if report.backup}


def _listed(
    run: RestoreRun, found: BackupRef, manifest: Manifest, drills: Mapping[str, DrillReport]
) -> ListedBackup:
    storage = StorageState(found.storage_class or "gone")
    if not found.is_hot and found.storage_class:
        storage = storage_state_of(run.bucket, manifest.archive.objects)
    drill = drills.get(manifest.location.id)
    return ListedBackup(
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        tier=manifest.tier,
        label=manifest.label,
        rows=manifest.inventory.rows,
        tables=len(manifest.inventory.tables),
        archive_bytes=manifest.archive.bytes,
        postgres_major=manifest.source.major,
        drill_verdict=drill and drill.verdict,
        drilled_at=drill and drill.started,
        available=storage.is_readable and found.storage_class is not None,
        storage_state=storage.description if found.storage_class else "its archive is gone",
        expires_at=manifest.retention.expires,
    )
