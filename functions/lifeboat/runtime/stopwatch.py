"""Times the phases of a run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Knows which phase a run is in and how long each took. Phases may overlap, in threads.

    Attributes:
        seconds: of each finished phase.
        on_change: is called with the phases that run, and whether one has begun.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._running: list[str] = []
        self._last = "start"
        self.seconds: dict[str, float] = {}
        self.on_change: Callable[[str, bool], None] = lambda _phase, _begun: None

    @property
    def phase(self) -> str:
        """The phases that run, as messages name them; the last one if none does."""
        return " and ".join(self._running) or self._last

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Time a phase, also if it fails."""
        begun = self._clock()
        self._running.append(phase)
        self.on_change(self.phase, True)  # noqa: FBT003  # a callable's arguments have no names
        try:
            yield
        finally:
            self._last = phase
            self._running.remove(phase)
            self.seconds[phase] = round(self._clock() - begun, 3)
            self.on_change(self.phase, False)  # noqa: FBT003  # likewise

    def total(self) -> float:
        """Seconds since the run's start."""
        return self._clock() - self._started
