"""Settings of jobs: runs in AWS CodeBuild, for databases that are too large for a function."""

from typing import Annotated

from lifeboat.model.engine import MAX_JOB_HOURS, ComputeName
from lifeboat.settings.fields import SettingsModel, expects, int_range

_MACHINE = expects("'small', 'medium', 'large', 'xlarge' or '2xlarge'")


class JobSettings(SettingsModel):
    """The machines of jobs, and when a run becomes one."""

    backup_compute: Annotated[ComputeName, _MACHINE] = "medium"
    """Machine of a backup's job. pg_dump reads with one process, and compresses with another."""

    drill_compute: Annotated[ComputeName, _MACHINE] = "large"
    """Machine of a drill's job. Its disk has to hold the archive and the restored database."""

    restore_compute: Annotated[ComputeName, _MACHINE] = "medium"
    """Machine of a restore's job. Its disk has to hold the archive."""

    timeout_hours: Annotated[int, *int_range(1, MAX_JOB_HOURS, "hours, CodeBuild's limit")] = 12
    """Hours after which CodeBuild stops a job. A run stops itself cleanly before."""

    threshold_percent: Annotated[int, *int_range(1, 100, "percent")] = 80
    """A run becomes a job if it is expected to take more than this share of a function's time."""
