"""Finds the backup that a restore is about, with all that a plan needs to know of it."""

from collections.abc import Iterator

from lifeboat.errors import NoBackupError
from lifeboat.policy.manifest import Manifest
from lifeboat.policy.names import BackupLocation
from lifeboat.policy.restore_facts import Source
from lifeboat.postgres.stage import roles_in
from lifeboat.services.restore_run import RestoreRun
from lifeboat.vault.read import Found, find_backups, newest_reports, read_manifest, read_object
from lifeboat.vault.thawing import lying_of

_NAMED = 3
_DRILLS = 30
_NOTHING = "Nothing was touched: this only looked into the vault."


def choose_backup(run: RestoreRun) -> Source:
    """The backup that was asked for: by id, the newest, or the newest before a moment.

    Raises:
        NoBackupError: there is none, or not that one.
        VaultReadError: S3 doesn't let us look.
        ManifestError: what is there can't be read.
    """
    vault = run.means.vault
    manifest = _manifest(run, find_backups(vault, run.event.database))
    roles = None
    if manifest.globals:
        script = read_object(vault, manifest.globals.key, manifest.globals.version_id)
        roles = tuple(role.name for role in roles_in(script.decode(errors="replace")))
    return Source(
        vault=vault.bucket,
        manifest=manifest,
        lying=lying_of(vault, manifest.archive.objects),
        drills=tuple(newest_reports(vault, run.event.database, _DRILLS)),
        roles=roles,
    )


def of_moment(run: RestoreRun, found: list[Found]) -> Iterator[tuple[Found, Manifest]]:
    """The backups that show a moment before the one that was asked for, the newest first."""
    before = run.event.before
    for each in found:
        if before is None or each.location.slot <= before:
            manifest = read_manifest(run.means.vault, each.location)
            if before is None or manifest.source.snapshot_time < before:
                yield each, manifest


def _manifest(run: RestoreRun, found: list[Found]) -> Manifest:
    wanted = run.event.backup
    if isinstance(wanted, BackupLocation):
        if all(each.location != wanted for each in found):
            raise _none(f"There is no backup {wanted.id} in the vault.", found)
        return read_manifest(run.means.vault, wanted)
    if chosen := next(of_moment(run, found), None):
        return chosen[1]
    name = run.event.database
    if run.event.before:
        raise _none(f"There is no backup of {name} from before {run.event.before}.", found)
    raise _none(f"There is no backup of {name} in the vault.", found)


def _none(what: str, found: list[Found]) -> NoBackupError:
    newest = ", ".join(each.location.id for each in found[:_NAMED])
    listing = 'Send {"action": "list", ...} to see all of them'
    todo = f"{listing}; the newest are {newest}." if found else "Look into the bucket's versions."
    return NoBackupError(what, todo=todo, safe=_NOTHING)
