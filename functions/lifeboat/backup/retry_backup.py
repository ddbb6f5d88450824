"""Takes a backup, with one retry after a transient failure."""

import time

from lifeboat.backup.policy.retry import should_retry
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import BackupOutcome, take_backup
from lifeboat.errors import LifeboatError
from lifeboat.runtime.termination import pause as wait
from lifeboat.runtime.timeouts import timeouts


def take_backup_with_retry(run: BackupRun) -> BackupOutcome:
    """As `take_backup`. A retry is harmless, because it finds what the first attempt has left.

    Both attempts read the same copy of the database, if they read one; in the end it is deleted.

    Raises:
        LifeboatError: see `take_backup`; of two attempts, the second one's.
        TerminatedError: the process was asked to end.
    """
    try:
        return _take_with_retry(run)
    finally:
        run.chosen.close()


def _take_with_retry(run: BackupRun) -> BackupOutcome:
    begun, pause = time.monotonic(), timeouts().retry_pause_seconds
    try:
        return take_backup(run)
    except LifeboatError as error:
        took = time.monotonic() - begun
        if not should_retry(
            error, moved=run.meter.bytes, took=took, pause=pause, left=run.remaining()
        ):
            raise
        run.log(
            "backup.retried",
            {"reason": error.what, "seconds": round(took, 1), "pause_seconds": pause},
        )
    wait(pause)
    return take_backup(run.for_retry())
