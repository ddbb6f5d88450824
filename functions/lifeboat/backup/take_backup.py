"""Takes one backup: everything is stored and checked before the manifest is written."""

import time
from dataclasses import dataclass

from lifeboat.backup.connect_source import connect_source
from lifeboat.backup.publish import publish_backup
from lifeboat.backup.run import BackupRun
from lifeboat.backup.store_archive import store_archive
from lifeboat.errors import AlreadyTakenError, LifeboatError
from lifeboat.model.manifest import Manifest
from lifeboat.runtime.timeouts import timeouts


@dataclass(frozen=True)
class BackupOutcome:
    """The result of a run.

    Attributes:
        manifest: of the published backup for this time.
        created: whether this run took it; otherwise it existed already.
    """

    manifest: Manifest
    created: bool


def take_backup(run: BackupRun) -> BackupOutcome:
    """Take the backup for one scheduled time, unless it exists already.

    It returns only when archive, globals and manifest are stored and checked, by this run or by
    another one for the same time. Otherwise it raises, and leaves nothing that looks like a backup,
    unless `safe` says that nobody knows whether the backup was published.

    Raises:
        LifeboatError: see its kinds in `lifeboat.errors`; a ManifestError when there is a manifest
            for this time that can't be read.
    """
    try:
        with run.begin():
            return _take_or_find(run)
    except LifeboatError as error:
        raise run.publication.explain(error) from None


def _take_or_find(run: BackupRun) -> BackupOutcome:
    """Take the backup, or find the one of another run that was first."""
    try:
        return _take(run)
    except AlreadyTakenError as taken:
        run.scope.fail(taken)  # if time runs out now, this is the error to report
        if published := _published_by_another(run):
            return BackupOutcome(published, created=False)
        raise


def _take(run: BackupRun) -> BackupOutcome:
    """Take the backup; the manifest comes last."""
    with run.phases.timed("look"):
        stored = run.scope.call(run.stored_state)
    run.publication.found(published=stored.manifest is not None)
    if stored.manifest:
        return BackupOutcome(stored.manifest, created=False)
    with connect_source(run) as connections:
        archive = store_archive(run, connections, stored)
    with run.phases.timed("publish"):
        return BackupOutcome(publish_backup(run, archive), created=True)


def _published_by_another(run: BackupRun) -> Manifest | None:
    """The manifest of the run that was first; it comes some seconds after its archive."""
    give_up = time.monotonic() + timeouts().other_run_seconds
    while (
        stored := run.scope.call(run.stored_state)
    ).manifest is None and time.monotonic() < give_up:
        time.sleep(timeouts().other_run_pause_seconds)
    return stored.manifest
