"""Takes a backup, or hands it over to a job if it doesn't fit into a function."""

from collections.abc import Mapping

from lifeboat.backup.retry_backup import take_backup_with_retry
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import BackupOutcome
from lifeboat.errors import OutgrownError, TimeLimitError
from lifeboat.model.hand_over import HandOver
from lifeboat.runtime.hand_over import JobStarter


def take_or_hand_over(
    run: BackupRun, jobs: JobStarter | None, event: Mapping[str, object]
) -> BackupOutcome | HandOver:
    """Take the backup here, or let a job take it.

    The settings may ask for a job, which then starts before anything is read. Otherwise the backup
    becomes a job if it is expected not to fit, and also if its time has run out nevertheless: the
    job begins anew, and the day has its backup.

    Args:
        run: the backup; it `may_become_job` if a failure for want of time is to be handed over.
        jobs: starts its job; None if it has none, or is a job itself.
        event: for the job. It means the same backup whenever the job begins.

    Raises:
        JobNotStartedError: it needs a job, and CodeBuild did not start one.
        LifeboatError: see `take_backup`.
    """
    if jobs is None or run.database.engine == "function":
        return take_backup_with_retry(run)
    if run.database.engine == "job":
        return jobs.start(event, 'its settings say engine = "job"')
    try:
        return take_backup_with_retry(run)
    except (OutgrownError, TimeLimitError) as error:
        if run.publication.is_published:
            raise
        expected = error.expected_seconds if isinstance(error, OutgrownError) else None
        return jobs.start(event, error.what.rstrip("."), expected)
