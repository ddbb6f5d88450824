"""Whether a run repeats a failed backup.

Lambda's own retry would come after any failure and at any cost: providers bill every byte that is
read, and a run that failed after 90 GB would read them again.
"""

from lifeboat.errors import (
    ConnectError,
    DecodeError,
    DumpError,
    LifeboatError,
    LockWaitError,
    SchemaChangingError,
    StatementError,
    StorageError,
)

MAX_RETRY_BYTES = 64_000_000
"""A run that has read this many bytes isn't repeated: transfer may cost money."""

_TRANSIENT = (
    ConnectError,
    StatementError,
    DecodeError,
    DumpError,
    LockWaitError,
    SchemaChangingError,
    StorageError,
)
"""Errors that may be gone a minute later: of the network, the server, storage, a migration, or an
archive without its manifest, which the next run completes."""


def should_retry(
    error: LifeboatError, *, moved: int, took: float, pause: float, left: float
) -> bool:
    """Whether the error may be transient, little was read, and there is time.

    Args:
        error: of the first attempt.
        moved: bytes that it read from the database.
        took: its seconds; the second attempt may take as long.
        pause: seconds before the second attempt.
        left: seconds until the run has to be over.
    """
    transient = isinstance(error, _TRANSIENT) and not error.final
    return transient and moved < MAX_RETRY_BYTES and pause + took < left
