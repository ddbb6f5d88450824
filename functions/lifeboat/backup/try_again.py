"""Takes a backup, by a second try where the first one failed of something that passes."""

import time

from lifeboat.backup.policy.second_try import is_worth_a_second_try
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import Outcome, take_backup
from lifeboat.errors import LifeboatError
from lifeboat.runtime.patience import patience


def take_backup_or_try_again(run: BackupRun) -> Outcome:
    """As `take_backup`; a second try is harmless, since it finds what the first one left.

    Raises:
        BackupError: see `take_backup`; of two tries the second one's.
        ManifestError: there is a manifest for this time that can't be read.
    """
    begun, pause = time.monotonic(), patience().second_try_seconds
    try:
        return take_backup(run)
    except LifeboatError as error:
        took = time.monotonic() - begun
        if not is_worth_a_second_try(
            error, moved=run.meter.bytes, took=took, pause=pause, left=run.remaining()
        ):
            raise
        run.log(
            "backup.retried",
            {"reason": error.what, "seconds": round(took, 1), "pause_seconds": pause},
        )
    time.sleep(pause)
    return take_backup(run.again())
