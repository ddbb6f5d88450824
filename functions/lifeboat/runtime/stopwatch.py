"""Times the phases of a run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Knows which phase a run is in and how long each took.

    Attributes:
        phase: the current one, as messages name it.
        seconds: of each finished phase.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self.phase = "start"
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Time a phase, also if it fails."""
        self.phase, begun = phase, self._clock()
        try:
            yield
        finally:
            self.seconds[phase] = round(self._clock() - begun, 3)

    def total(self) -> float:
        """Seconds since the run's start."""
        return self._clock() - self._started
