"""Tells how far a run has come, for whoever watches its log."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from aws_lambda_powertools import Logger

EVERY_SECONDS = 5.0
"""The shortest time between two lines about the same step."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run has come.

    Attributes:
        step: what it is doing; several steps at once are joined by "and".
        seconds: since the run's start.
        bytes: of the archive that this step has sent or read; None if it counts none.
        tables: whose rows this step has finished; None if it counts none.
        of_tables: how many there are; None if that is not known.
    """

    step: str
    seconds: float
    bytes: int | None = None
    tables: int | None = None
    of_tables: int | None = None


def is_due(told: float | None, now: float) -> bool:
    """Whether a figure that has changed is told now.

    Args:
        told: when anything was told last, in seconds of some clock; None: never.
        now: by the same clock.
    """
    return told is None or now - told >= EVERY_SECONDS


class ProgressReporter:
    """Tells each new step at once, and the figures of a step every few seconds.

    A call that tells nothing costs less than a microsecond, so that it may be made for each piece
    of an archive.

    Args:
        tell: writes a line.
        clock: in seconds.
    """

    def __init__(
        self,
        tell: Callable[[Progress], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._begun = clock()
        self._told: float | None = None
        self._step = "start"

    def step(self, name: str, *, new: bool) -> None:
        """Note what the run is doing; tell it if that is new."""
        self._step = name
        if new:
            self._send(self._clock())

    def update(
        self, *, size: int | None = None, tables: int | None = None, of_tables: int | None = None
    ) -> None:
        """Tell the step's figures, as in `Progress`, if that is due.

        Args:
            size: bytes.
            tables: finished.
            of_tables: of how many.
        """
        now = self._clock()
        if is_due(self._told, now):
            self._send(now, size, tables, of_tables)

    def _send(
        self,
        now: float,
        size: int | None = None,
        tables: int | None = None,
        of_tables: int | None = None,
    ) -> None:
        self._told = now
        self._tell(
            Progress(
                step=self._step,
                seconds=round(now - self._begun, 1),
                bytes=size,
                tables=tables,
                of_tables=of_tables,
            )
        )


def logged_progress(logger: Logger) -> ProgressReporter:
    """A reporter that writes into a function's log."""
    said = f"{logger.service.removeprefix('lifeboat-')}.progress"

    def tell(progress: Progress) -> None:
        logger.info(
            said,
            extra={
                "step": progress.step,
                "seconds": progress.seconds,
                "bytes": progress.bytes,
                "tables": progress.tables,
                "of_tables": progress.of_tables,
            },
        )

    return ProgressReporter(tell)
