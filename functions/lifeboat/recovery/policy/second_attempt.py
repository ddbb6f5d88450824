"""Which errors of a parallel restore may not happen when one worker restores in order.

A second attempt takes as long as the first, so it is made only for these errors. It isn't made for
errors that happen in any order: a row that violates a new foreign key, because all rows are loaded
by then; a unique index; a missing object; a lack of memory or disk, which has its own advice.
"""

import re

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem

_WORKER_CONFLICTS = re.compile(
    r"deadlock detected|could not serialize access|tuple concurrently|could not obtain lock"
    r"|due to lock timeout|out of shared memory|unique constraint \"pg_"
    r"|too many clients|too many connections|connection slots are reserved"
)
"""Workers got into each other's way, or were too many for the server. They waited for each other's
locks (foreign keys to partitioned tables, in about one of forty restores), wrote to the same row of
a catalog, or needed too many locks or connections."""

_VIOLATED = re.compile(r"violates (?:foreign key|check|not-null) constraint")
"""While rows are loaded: an extension's foreign key, or a CHECK, needs another table's row."""

_EMPTY_VIEW = "has not been populated"
"""A view is filled from another one through a function, a dependency that no archive has."""

_ABSENT = "does not exist"


def one_worker_may_succeed(problem: RestoreProblem) -> bool:
    """Whether the order of the workers, or their number, can have caused the error."""
    if _WORKER_CONFLICTS.search(problem.error) or _EMPTY_VIEW in problem.error:
        return True
    if problem.statement:  # errors while rows are loaded have none
        return False
    own_code = "function " in problem.rest and _ABSENT not in problem.error
    return own_code or _VIOLATED.search(problem.error) is not None
