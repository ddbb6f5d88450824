"""How many databases fit into one stack."""

from collections.abc import Sequence
from typing import Protocol

FUNCTION_RESOURCES = 6
"""Resources of a function with a schedule: function, log, role, async settings, schedule and the
schedule's role."""

JOB_RESOURCES = 2
"""Resources of a function's jobs: project and role."""

MAX_DATABASES = 36
"""Databases of a stack, if no run of theirs can be a job.

CloudFormation allows 500 resources in a stack. A database needs 12, for backups and for drills, and
4 more if its runs may be jobs. 36 databases without and 27 with jobs need 432, which leaves 68 for
all shared resources. The restore function's environment may be full before: about 29 names and ARNs
of usual length fit, and synth refuses more.
"""

_ROOM = MAX_DATABASES * 2 * FUNCTION_RESOURCES

MAX_DATABASES_WITH_JOBS = _ROOM // (2 * (FUNCTION_RESOURCES + JOB_RESOURCES))
"""Databases of a stack, if the runs of all of them may be jobs."""


class _Database(Protocol):
    @property
    def has_jobs(self) -> bool: ...


def too_many_jobs(databases: Sequence[_Database]) -> int:
    """How many of the databases have to do without jobs, so that the stack is not too large.

    Drills are counted also where there are none: who turns them on later should not have to divide
    the stack first.
    """
    jobs = sum(each.has_jobs for each in databases)
    excess = 2 * (len(databases) * FUNCTION_RESOURCES + jobs * JOB_RESOURCES) - _ROOM
    return max(0, -(-excess // (2 * JOB_RESOURCES)))
