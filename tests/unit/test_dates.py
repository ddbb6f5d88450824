"""Which days the tests are tried on."""

from datetime import UTC, datetime

from tests.dates.days import DAYS, drawn


def test_the_days_are_of_every_kind_that_the_calendar_has() -> None:
    assert {day.weekday() for day in DAYS} >= {0, 2, 6}
    assert any(day.day == 1 for day in DAYS)
    assert any((day.month, day.day) == (2, 29) for day in DAYS)
    assert any((day.month, day.day) == (12, 31) for day in DAYS)
    assert max(DAYS).year - min(DAYS).year >= 9
    assert len(DAYS) >= 8
    assert all(DAYS.values())


def test_a_commit_always_draws_the_same_two_days() -> None:
    assert drawn("a8a9cd9", 2) == drawn("a8a9cd9", 2)
    assert len(set(drawn("a8a9cd9", 2))) == 2
    assert {tuple(drawn(str(number), 2)) for number in range(20)} > {tuple(drawn("0", 2))}
    assert set(drawn("x", len(DAYS))) == set(DAYS)


def test_no_day_is_tried_that_the_tests_dates_are_ahead_of() -> None:
    """Some documents in the tests have fixed dates, the latest of this month."""
    assert min(DAYS) > datetime(2026, 11, 30, tzinfo=UTC)
