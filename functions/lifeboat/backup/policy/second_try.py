"""When a backup that failed is tried once more by the run itself.

Lambda's own second try would come whatever had failed and whatever it had cost: a provider counts
every byte that is read from it, and a run that broke after 90 GB would read them again.
"""

from lifeboat.errors import (
    AlreadyTakenError,
    ConnectError,
    DecodeError,
    DumpError,
    LifeboatError,
    LockWaitError,
    SchemaChangingError,
    VaultError,
)

MOST_MOVED = 64_000_000
"""Bytes read from the database from which on nothing is read again: transfer may cost money."""

_PASSING = (
    ConnectError,
    DecodeError,
    DumpError,
    LockWaitError,
    SchemaChangingError,
    AlreadyTakenError,
    VaultError,
)
"""What may have passed by itself a minute later: the network, the server, storage, a migration, and
a backup whose archive is there without its manifest, which the next run completes."""


def is_worth_a_second_try(
    error: LifeboatError, *, moved: int, took: float, pause: float, left: float
) -> bool:
    """Whether a minute may cure it, little was moved, and there is time.

    Args:
        error: why the first try failed.
        moved: bytes that it read from the database.
        took: its seconds, which the second one may take again.
        pause: seconds before the second one begins.
        left: seconds until the run has to be over.
    """
    passing = isinstance(error, _PASSING) and not error.final
    return passing and moved < MOST_MOVED and pause + took < left
