"""A limit on the requests and the time of one check, however large the bucket is."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lifeboat.errors import StorageError
from lifeboat.s3.bucket import translated

_TOO_MUCH = (
    "List what fills the bucket (aws s3 ls --recursive --summarize s3://<bucket>); lower"
    " monitor.history, or keep fewer manual backups."
)


@dataclass
class RequestBudget:
    """The requests of one check; threads may share it.

    Attributes:
        limit: how many requests are allowed.
        remaining: seconds until the run has to be over.
        used: how many were made.
    """

    limit: int
    remaining: Callable[[], float]
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def request(self, intent: str) -> Iterator[None]:
        """Count and check a single request; a context manager around it.

        Args:
            intent: what it is for, such as "list s3://bucket/daily/".

        Raises:
            StorageError: the budget or the time is used up, or S3 refused or failed.
            ArchivedError: the object must be thawed first.
        """
        self._spend(intent)
        with translated(intent):
            yield

    def _spend(self, intent: str) -> None:
        with self._lock:
            if self.used >= self.limit:
                raise StorageError(
                    f"Could not {intent}: the {self.limit} requests of one check of the bucket are"
                    " used up.",
                    todo=_TOO_MUCH,
                )
            if self.remaining() <= 0:
                raise StorageError(
                    f"Could not {intent}: the time for one check of the bucket is over.",
                    todo=_TOO_MUCH,
                )
            self.used += 1
