"""Makes one more attempt where a restore failed in a way that one worker alone may not."""

from collections.abc import Callable

from lifeboat.recovery.policy.classify_errors import Classified


def in_attempts(
    jobs: int, attempt: Callable[[int], Classified]
) -> tuple[Classified, tuple[str, ...]]:
    """What the last attempt came to, and a note where it was not the first.

    Two at most, as the second has one worker, which meets nobody and keeps to the archive's order.

    Args:
        jobs: workers of the first.
        attempt: restores from clean with that many workers.
    """
    first = attempt(jobs)
    if first.parallel is None or jobs == 1:
        return first, ()
    note = f"A second attempt, with one worker, was needed. The first met: {first.parallel}"
    return attempt(1), (note,)
