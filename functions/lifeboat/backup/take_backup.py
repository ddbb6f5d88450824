"""Takes one backup: everything is stored and checked before the manifest says that it exists."""

import time
from dataclasses import dataclass

from lifeboat.backup.connect_source import ready_database
from lifeboat.backup.publish import publish_backup
from lifeboat.backup.run import BackupRun
from lifeboat.backup.store_archive import store_archive
from lifeboat.errors import AlreadyTakenError
from lifeboat.model.manifest import Manifest
from lifeboat.runtime.patience import patience


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        manifest: the backup that is published for this time.
        created: whether this run took it; else there was one for this time already.
    """

    manifest: Manifest
    created: bool


def take_backup(run: BackupRun) -> Outcome:
    """Take the backup for one scheduled time, unless it is there already.

    Returns only when archive, globals and manifest are stored and checked, by this run or by
    another one for the same time. Raises otherwise, and leaves nothing that looks like a backup.

    Raises:
        BackupError: see its subclasses in `lifeboat.errors`.
        ManifestError: there is a manifest for this time that can't be read.
    """
    with run.begin():
        try:
            return _take(run)
        except AlreadyTakenError as taken:
            run.watch.fail(taken)  # should time run out meanwhile, this is what has to be known
            if published := _published_by_another(run):
                return Outcome(published, created=False)
            raise


def _take(run: BackupRun) -> Outcome:
    """Do it, in the order that makes the manifest true."""
    with run.phases.timed("look"):
        stored = run.watch.call(run.look)
    if stored.manifest:
        return Outcome(stored.manifest, created=False)
    with ready_database(run) as ready:
        archive = store_archive(run, ready, stored)
    with run.phases.timed("publish"):
        return Outcome(publish_backup(run, archive), created=True)


def _published_by_another(run: BackupRun) -> Manifest | None:
    """The manifest of the run that was first; its archive comes some seconds before it."""
    give_up = time.monotonic() + patience().other_run_seconds
    while (stored := run.watch.call(run.look)).manifest is None and time.monotonic() < give_up:
        time.sleep(patience().other_run_pause_seconds)
    return stored.manifest
