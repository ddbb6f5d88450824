"""Faults that come when a step of a run begins; one that never came fails its test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from lifeboat.postgres.cancel_scope import expire_all
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.runtime.timeouts import set_testing

BACKUP = (
    "look",
    "connect",
    "preflight",
    "upload",
    "snapshot",
    "archive",
    "count",
    "complete",
    "publish",
)
DRILL = ("find", "start", "fetch", "decode", "roles", "restore", "compare", "validate", "settings")
RESTORE = ("find", "look", "fetch", "decode", "restore", "compare", "settings", "analyze")


@contextmanager
def at(step: str, act: Callable[[], object]) -> Iterator[None]:
    """Act when the step begins for the first time."""
    begun, real = threading.Event(), Stopwatch.timed

    @contextmanager
    def timed(self: Stopwatch, phase: str) -> Iterator[None]:
        with real(self, phase):
            if phase == step and not begun.is_set():
                begun.set()
                act()
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stopwatch, "timed", timed)
        yield
    assert begun.is_set(), f"the step {step!r} never began"


def by(harness: Any, **changes: Any) -> None:
    """Let a harness's runs work with something else."""
    real = harness.run
    harness.run = lambda *asked, **keys: replace(real(*asked, **keys), **changes)


class Clock:
    """The time of the runs in its block, which a test can let run out at once, or soon."""

    def __init__(self, seconds: float = 120.0) -> None:
        self._end = time.monotonic() + seconds
        self._timers: list[threading.Timer] = []

    def remaining(self) -> float:
        return self._end - time.monotonic()

    def strike(self) -> None:
        """The time is up now."""
        self._end = time.monotonic()
        expire_all()

    def strike_soon(self, seconds: float = 0.5) -> None:
        """The time is up in a moment."""
        self._end = time.monotonic() + seconds
        timer = threading.Timer(seconds, self.strike)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let runs go by this clock."""
        try:
            with set_testing(cancel_seconds=0.5, last_call_seconds=0.5):
                yield
        finally:
            for timer in self._timers:  # it would strike for whoever comes next
                timer.cancel()
                timer.join()
