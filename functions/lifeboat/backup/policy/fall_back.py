"""When a backup reads the database itself, though it was to read a branch.

A day without a backup is worse than the locks and the load of one, which the database bears at
everybody who reads no branch. docs/decisions/0040-a-backup-reads-a-branch.md
"""

from lifeboat.errors import LifeboatError, TerminatedError, TimeLimitError


def falls_back(error: LifeboatError, *, left: float, whole: float) -> bool:
    """Whether the run reads the database itself after this error.

    Not if most of its time is over: it would then begin what it can't end, and hold locks for it.

    Args:
        error: why there is no branch, or no connection to it.
        left: seconds until the run has to be over.
        whole: seconds that it had.
    """
    ended = isinstance(error, TerminatedError | TimeLimitError)
    return not ended and left >= whole / 2
