"""Settings of jobs: runs in AWS CodeBuild, for databases that are too large for a function."""

from typing import Annotated, Literal

from lifeboat.model.aws import Architecture
from lifeboat.model.engine import MACHINES, MAX_JOB_HOURS, ComputeName, Machine
from lifeboat.settings.fields import SettingsModel, expects, int_range
from lifeboat.settings.function_size import FunctionSize, RestoringFunction

type Work = Literal["backup", "drill", "restore"]
"""What can run as a job."""

MAX_SESSIONS = 8
"""Workers on a server that is not the job's own, unless the settings ask for more: others use that
server, too, and small managed ones allow 20 to 60 connections."""

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

    def compute(self, work: Work) -> ComputeName:
        """The machine of that work's jobs, as the settings name it."""
        match work:
            case "backup":
                return self.backup_compute
            case "drill":
                return self.drill_compute
            case "restore":
                return self.restore_compute

    def machine(self, work: Work, architecture: Architecture) -> Machine:
        """The machine of that work's jobs."""
        return MACHINES[architecture][self.compute(work)]


def sized[S: FunctionSize](size: S, machine: Machine, hours: int, *, own_server: bool) -> S:
    """The same settings with the size of a job's machine in the place of the function's.

    They are a job's and not a function's, so the limits of a function's don't hold.

    Args:
        size: of a function, with its other settings.
        machine: of the job.
        hours: that the job may take.
        own_server: whether it restores into a server on its own machine, which has a worker for
            each vCPU then; on another server it has at most `MAX_SESSIONS`, or what was set.
    """
    changes = {
        "memory_mb": machine.memory_mb,
        "ephemeral_mb": machine.disk_mb,
        "timeout_minutes": hours * 60,
    }
    if isinstance(size, RestoringFunction):
        elsewhere = max(size.jobs, min(machine.cpus, MAX_SESSIONS))
        changes["jobs"] = machine.cpus if own_server else elsewhere
    return size.model_copy(update=changes)
