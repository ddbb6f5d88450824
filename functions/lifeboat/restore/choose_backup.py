"""Chooses the backup for a restore, and reads what its plan needs."""

import json
from collections.abc import Iterator

from lifeboat.errors import ManifestError, NoBackupError
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_time, plural
from lifeboat.recovery.prepare_database import roles_in
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.facts import RestoreSource
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import storage_state_of
from lifeboat.s3.read import BackupRef, find_backups, newest_reports, read_manifest, read_object

_MAX_NAMED = 3
_MAX_DRILLS = 30
_NOTHING = "Nothing was touched: this only looked into the bucket."


def choose_backup(run: RestoreRun) -> RestoreSource:
    """The requested backup: by id, the newest, or the newest before a given time.

    Raises:
        NoBackupError: there is none, or not this one, or none that can be used.
        StorageError: S3 refused or failed.
        ManifestError: the manifest of the named backup can't be read.
    """
    bucket = run.bucket
    manifest = _manifest(run, find_backups(bucket, run.event.database))
    roles = None
    if manifest.globals:
        script = read_object(bucket, manifest.globals.key, manifest.globals.version_id)
        roles = tuple(role.name for role in roles_in(script.decode(errors="replace")))
    return RestoreSource(
        bucket=bucket.name,
        manifest=manifest,
        storage=storage_state_of(bucket, manifest.archive.objects),
        drills=tuple(newest_reports(bucket, run.event.database, _MAX_DRILLS)),
        roles=roles,
    )


def backups_before(run: RestoreRun, found: list[BackupRef]) -> Iterator[tuple[BackupRef, Manifest]]:
    """The backups whose data is from before the requested time, the newest first.

    A backup whose manifest can't be read is skipped: the others are still good.
    """
    before = run.event.before
    for each in found:
        if each.is_early:
            run.skip(
                each.location,
                f"It was written at {format_time(each.written)}, before the time that it claims.",
                "Find out who wrote it. To use it all the same, name it.",
            )
            continue
        if before is None or each.location.scheduled_at <= before:
            try:
                manifest = read_manifest(run.bucket, each.location)
            except ManifestError as error:
                run.skip(each.location, error.what, error.todo)
                continue
            if before is None or manifest.source.snapshot_time < before:
                yield each, manifest


def _with_archive(run: RestoreRun, found: list[BackupRef]) -> Iterator[Manifest]:
    """The same, without backups whose archive is gone."""
    for each, manifest in backups_before(run, found):
        if each.storage_class is not None:
            yield manifest
            continue
        key = each.location.archive_key
        run.skip(
            each.location,
            f"Its archive {key} is gone.",
            f"List its versions (aws s3api list-object-versions --bucket <bucket> --prefix {key}):"
            " a delete marker can be removed.",
        )


def _manifest(run: RestoreRun, found: list[BackupRef]) -> Manifest:
    wanted = run.event.backup
    if isinstance(wanted, BackupLocation):
        if all(each.location != wanted for each in found):
            raise _none(f"There is no backup {wanted.id} in the bucket.", found)
        return read_manifest(run.bucket, wanted)
    if chosen := next(_with_archive(run, found), None):
        return chosen
    name = run.event.database
    if run.skipped:
        raise _unusable(run)
    if run.event.before:
        raise _none(
            f"There is no backup of {name} from before {format_time(run.event.before)}.", found
        )
    raise _none(f"There is no backup of {name} in the bucket.", found)


def _unusable(run: RestoreRun) -> NoBackupError:
    newest, others = run.skipped[0], len(run.skipped) - 1
    rest = f" So it is with {plural(others, 'other')}." if others else ""
    return NoBackupError(
        f"No backup of {run.event.database} can be used. {newest.backup}: {newest.reason}{rest}",
        todo=newest.next_step,
        safe=_NOTHING,
    )


def _none(what: str, found: list[BackupRef]) -> NoBackupError:
    todo = "Look into the bucket's versions."
    if found:
        newest = ", ".join(each.location.id for each in found[:_MAX_NAMED])
        listing = {"action": Action.LIST.value, "database": found[0].location.database}
        todo = f"Send {json.dumps(listing)} to see all of them; the newest are {newest}."
    return NoBackupError(what, todo=todo, safe=_NOTHING)
