"""Whose turn it is: an account runs some builds at a time, and lets others wait."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Kind = tuple[str, str]
"""The type of an environment and its compute type: each such pair has a limit of its own."""

Turn = Callable[[float, Callable[[], bool]], bool]


class QueueFullError(Exception):
    """No more builds may wait."""


class Turns:
    """The queue of an account's builds.

    https://docs.aws.amazon.com/codebuild/latest/userguide/builds-working.html

    Args:
        limit: how many builds of a kind run at a time; five times as many may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._running: Counter[Kind] = Counter()
        self._submitted: Counter[Kind] = Counter()

    def submit(self, kind: Kind) -> None:
        """Add a build to the queue.

        Raises:
            QueueFullError: it is full.
        """
        with self._changed:
            if self._submitted[kind] >= self._limit * 6:
                raise QueueFullError(
                    f"Cannot have more than {self._limit * 5} builds in queue for the account"
                )
            self._submitted[kind] += 1

    @contextmanager
    def turn(self, kind: Kind) -> Iterator[Turn]:
        """What a submitted build waits for its turn with; leaving is its end."""
        taken = False

        def take(seconds: float, given_up: Callable[[], bool]) -> bool:
            nonlocal taken
            with self._changed:
                self._changed.wait_for(
                    lambda: given_up() or self._running[kind] < self._limit, seconds
                )
                if given_up() or self._running[kind] >= self._limit:
                    return False
                self._running[kind] += 1
                taken = True
                return True

        try:
            yield take
        finally:
            with self._changed:
                self._submitted[kind] -= 1
                self._running[kind] -= taken
                self._changed.notify_all()

    def look_again(self) -> None:
        """Let those that wait see whether they have been given up."""
        with self._changed:
            self._changed.notify_all()


TURNS = Turns(int(os.environ.get("LIFEBOAT_BUILD_LIMIT") or 60))
