"""Where figures lead to: a straight line through points that a few odd ones do not bend.

The line is the Theil-Sen estimator: the median of the slopes between all pairs of points, through
the median of what is then left. Up to 29 % of the points may be arbitrarily wrong.
https://en.wikipedia.org/wiki/Theil%E2%80%93Sen_estimator
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median

FEWEST_POINTS = 5
SHORTEST = timedelta(days=3)
"""Five backups by hand within an hour tell nothing of the coming month."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Point:
    """A figure and when it was taken."""

    when: datetime
    value: float


@dataclass(frozen=True)
class Trend:
    """A straight line.

    Attributes:
        now: its value at the moment it was asked for.
        per_day: by how much it changes a day.
    """

    now: float
    per_day: float

    def days_until(self, limit: float) -> float | None:
        """Days until the line reaches `limit`: 0 when it has, None when it doesn't lead there."""
        if self.now >= limit:
            return 0.0
        return (limit - self.now) / self.per_day if self.per_day > 0 else None


def trend(points: Sequence[Point], now: datetime) -> Trend | None:
    """The line through the points; None when they are too few or too close for one.

    Args:
        points: in any order.
        now: where the line starts.
    """
    if len(points) < FEWEST_POINTS:
        return None
    times = [(point.when - now) / _DAY for point in points]
    if max(times) - min(times) < SHORTEST / _DAY:
        return None
    values = [point.value for point in points]
    slopes = [
        (one - other) / (here - there)
        for (here, one), (there, other) in combinations(zip(times, values, strict=True), 2)
        if here != there
    ]
    slope = median(slopes)
    start = median(value - slope * time for time, value in zip(times, values, strict=True))
    return Trend(now=start, per_day=slope)
