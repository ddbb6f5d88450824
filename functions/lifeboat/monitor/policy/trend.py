"""Extrapolates figures: a straight line through points that tolerates a few outliers.

The line is the Theil-Sen estimator: the median of the slopes between all pairs of points, through
the median of what is then left. Up to 29 % of the points may be arbitrarily wrong.
https://en.wikipedia.org/wiki/Theil%E2%80%93Sen_estimator
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median

MIN_POINTS = 5
MIN_PERIOD = timedelta(days=3)
"""Five manual backups within an hour say nothing about the next month."""

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
        now: its value now.
        per_day: its change per day.
    """

    now: float
    per_day: float

    def days_until(self, limit: float) -> float | None:
        """Days until the line reaches `limit`: 0 if it already has, None if it never will."""
        if self.now >= limit:
            return 0.0
        return (limit - self.now) / self.per_day if self.per_day > 0 else None


def trend(points: Sequence[Point], now: datetime) -> Trend | None:
    """The line through the points; None if they are too few or too close in time.

    Args:
        points: in any order.
        now: where the line starts.
    """
    if len(points) < MIN_POINTS:
        return None
    times = [(point.when - now) / _DAY for point in points]
    if max(times) - min(times) < MIN_PERIOD / _DAY:
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
