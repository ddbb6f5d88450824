from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.monitor.policy.trend import Point, Trend, trend

NOW = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)


def points(*values: float, apart: timedelta = DAY) -> list[Point]:
    return [Point(NOW - index * apart, value) for index, value in enumerate(reversed(values))]


def test_a_line_is_found_exactly() -> None:
    assert trend(points(10, 12, 14, 16, 18), NOW) == Trend(now=18, per_day=2)


def test_one_point_gone_wild_bends_nothing() -> None:
    line = trend(points(10, 12, 1e12, 16, 18, 20, 22), NOW)
    assert line is not None
    assert line.per_day == pytest.approx(2, rel=0.1)


def test_four_points_or_two_days_make_no_line() -> None:
    assert trend(points(1, 2, 3, 4), NOW) is None
    assert trend(points(1, 2, 3, 4, 5, apart=DAY * 0.74), NOW) is None
    assert trend(points(1, 2, 3, 4, 5, apart=DAY * 0.75), NOW) is not None


def test_points_of_the_same_moment_do_no_harm() -> None:
    doubled = [*points(10, 12, 14, 16, 18), *points(10, 12, 14, 16, 18)]
    assert trend(doubled, NOW) == Trend(now=18, per_day=2)


@pytest.mark.parametrize(
    ("now", "per_day", "days"),
    [(80, 2, 10), (100, 2, 0), (100, -2, 0), (101, -2, 0), (80, 0, None), (80, -1, None)],
)
def test_days_until_a_limit(now: float, per_day: float, days: float | None) -> None:
    assert Trend(now=now, per_day=per_day).days_until(100) == days


@settings(max_examples=40)
@given(
    start=st.integers(-1000, 1000),
    slope=st.integers(-50, 50),
    count=st.integers(5, 12),
    spoilt=st.integers(-(10**9), 10**9),
)
def test_a_line_with_one_odd_point_in_five_is_still_that_line(
    start: int, slope: int, count: int, spoilt: int
) -> None:
    straight = [Point(NOW - n * DAY, start - slope * n) for n in range(count)]
    odd = [*straight[:-1], Point(straight[-1].when, spoilt)]
    line = trend(odd, NOW)
    assert line is not None
    assert line.per_day == pytest.approx(slope)
