"""Whether to repeat a dump that a migration has disturbed."""

MAX_ATTEMPTS = 5

_FIRST_PAUSE = 1.0


def pause_before_next(attempt: int, took: float, left: float) -> float | None:
    """Seconds to wait before another attempt, doubled each time; None for no further attempt.

    Migrations have many statements, so the pause lets the next ones finish.

    Args:
        attempt: number of the failed attempt, from 1.
        took: its seconds; the next one takes about as long.
        left: seconds until the run has to be over.
    """
    pause = _FIRST_PAUSE * 2.0 ** (attempt - 1)
    return pause if attempt < MAX_ATTEMPTS and pause + took < left else None
