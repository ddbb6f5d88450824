"""When a dump that a migration disturbed is worth another attempt."""

MOST = 5

_FIRST_PAUSE = 1.0


def pause_before_next(attempt: int, took: float, left: float) -> float | None:
    """Seconds to wait before another attempt, longer each time; None when there should be none.

    Migrations come in rows of statements, so the next one had better be over.

    Args:
        attempt: the one that failed, from 1.
        took: its seconds, which the next one will take again.
        left: seconds until the run has to be over.
    """
    pause = _FIRST_PAUSE * 2.0 ** (attempt - 1)
    return pause if attempt < MOST and pause + took < left else None
