"""Why a drill or a restore goes on as a job."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """The decision that a run goes on as a job.

    Attributes:
        reason: why, in a sentence.
        seconds: how long it will take there; None where that can't be known.
    """

    reason: str
    seconds: float | None
