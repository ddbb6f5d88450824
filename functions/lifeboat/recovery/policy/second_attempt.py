"""Tells which errors of a parallel restore may be absent when one worker does it all in order.

Another attempt costs the time of a whole restore, so it is made for these only. Not for what is
just as wrong in any order: a row that violates a foreign key when that is made, since by then all
rows are there; a unique index; something that does not exist; a lack of memory or disk, which has
advice of its own.
"""

import re

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem

_BY_WORKERS = re.compile(
    r"deadlock detected|could not serialize access|tuple concurrently|could not obtain lock"
    r"|due to lock timeout|out of shared memory|unique constraint \"pg_"
    r"|too many clients|too many connections|connection slots are reserved"
)
"""Workers were in each other's way, or there were too many of them for the server. They wait for
each other's locks (foreign keys to partitioned tables, about once in forty times), write to the
same line of a catalog, need more locks together than there are, or one connection too many."""

_VIOLATED = re.compile(r"violates (?:foreign key|check|not-null) constraint")
"""While rows are loaded: an extension's foreign key, or a CHECK, asks for another table's row."""

_EMPTY_VIEW = "has not been populated"
"""A view is filled from another one, through a function, of which the archive knows nothing."""

_ABSENT = "does not exist"


def one_worker_may_do_better(problem: RestoreProblem) -> bool:
    """Whether an error can come of the order in which workers do things, or of their number."""
    if _BY_WORKERS.search(problem.error) or _EMPTY_VIEW in problem.error:
        return True
    if problem.statement:  # none is named where rows are loaded
        return False
    own_code = "function " in problem.rest and _ABSENT not in problem.error
    return own_code or _VIOLATED.search(problem.error) is not None
