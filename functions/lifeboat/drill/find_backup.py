"""Chooses the backup for a drill, and reads its manifest."""

import secrets

from lifeboat.drill.run import DrillRun
from lifeboat.errors import ArchivedError, NoBackupError
from lifeboat.model.keys import BackupLocation
from lifeboat.s3.read import BackupRef, find_backups, read_manifest

_MAX_NAMED = 3


def find_backup(run: DrillRun) -> None:
    """Choose the requested backup, and read its manifest, into the run.

    Raises:
        NoBackupError: there is none, or not that one.
        ArchivedError: it has to be thawed first, and so has every other one.
        StorageError: S3 doesn't let us look.
        ManifestError: what is there can't be read.
    """
    event, bucket = run.event, run.bucket
    found = find_backups(bucket, event.database)
    if not found:
        raise NoBackupError(
            f"There is no backup of {event.database} in the bucket.",
            todo=f"Take one: invoke the backup function with"
            f' {{"database": "{event.database}"}}, and look into its log if that fails.',
        )
    chosen = _choose(event.backup, found)
    run.backup = chosen.location.id
    run.found = read_manifest(bucket, chosen.location)


def _choose(wanted: str | BackupLocation, found: list[BackupRef]) -> BackupRef:
    hot = [each for each in found if each.is_hot and not each.is_early]
    if isinstance(wanted, BackupLocation):
        chosen = next((each for each in found if each.location == wanted), None)
        if chosen is None:
            newest = ", ".join(each.location.id for each in found[:_MAX_NAMED])
            raise NoBackupError(
                f"There is no backup {wanted.id} in the bucket.",
                todo=f"Use another one; the newest are {newest}.",
            )
        if not chosen.is_hot:
            raise _archived(chosen, hot)
        return chosen
    if all(each.is_early for each in found):
        raise NoBackupError(
            f"Every backup in the bucket claims a time later than it was written; the newest is"
            f" {found[0].location.id}.",
            todo="Take a backup, or drill one of them by naming it.",
        )
    if not hot:
        raise _archived(next(each for each in found if not each.is_early), hot)
    return hot[0] if wanted == "latest" else secrets.choice(hot)


def _archived(chosen: BackupRef, hot: list[BackupRef]) -> ArchivedError:
    instead = (
        f"Drill {hot[0].location.id} instead, the newest that can be read at once."
        if hot
        else "Take a manual backup, which lies hot, or thaw this one first."
    )
    return ArchivedError(
        f"{chosen.location.id} lies in {chosen.storage_class} and has to be thawed before it can be"
        " read.",
        todo=instead,
    )
