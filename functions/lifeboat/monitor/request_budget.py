"""Requests to S3 within a budget, so that no vault is too large to be looked at in time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lifeboat.errors import VaultReadError
from lifeboat.s3.read import reading

_TOO_MUCH = (
    "List what fills the bucket (aws s3 ls --recursive --summarize s3://<bucket>); lower"
    " monitor.history, or keep fewer manual backups."
)


@dataclass
class Calls:
    """The requests of one run; threads may share it.

    Attributes:
        most: how many there may be.
        remaining: seconds until the run has to be over.
        made: how many there were.
    """

    most: int
    remaining: Callable[[], float]
    made: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def one(self, intent: str) -> Iterator[None]:
        """Around a single request.

        Args:
            intent: what it is for, such as "list s3://vault/daily/".

        Raises:
            VaultReadError: the budget or the time is used up, or S3 refused or failed.
            ArchivedError: the object has to be thawed first.
        """
        self._spend(intent)
        with reading(intent):
            yield

    def _spend(self, intent: str) -> None:
        with self._turn:
            if self.made >= self.most:
                raise VaultReadError(
                    f"Could not {intent}: the {self.most} requests of one check of the bucket are"
                    " used up.",
                    todo=_TOO_MUCH,
                )
            if self.remaining() <= 0:
                raise VaultReadError(
                    f"Could not {intent}: the time for one check of the bucket is over.",
                    todo=_TOO_MUCH,
                )
            self.made += 1
