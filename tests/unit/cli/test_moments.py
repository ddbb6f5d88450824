"""Moments as people write them, in this machine's own zone."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lifeboat_cli.moments import for_event, parse_moment, said_back

NOW = datetime(2026, 11, 22, 22, 30, 15, 999, tzinfo=UTC)
"""In Berlin it is 23:30 of the same day."""


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Moves the machine to another time zone."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-22 09:00", "2026-11-22T08:00:00Z"),
        ("2026-11-22T09:00:30", "2026-11-22T08:00:30Z"),
        ("2026-11-22", "2026-11-21T23:00:00Z"),
        ("2026-07-01 09:00", "2026-07-01T07:00:00Z"),
        ("2026-11-22T09:00Z", "2026-11-22T09:00:00Z"),
        ("2026-11-22 09:00+02:00", "2026-11-22T07:00:00Z"),
        ("9:05", "2026-11-22T08:05:00Z"),
        ("today 09:00", "2026-11-22T08:00:00Z"),
        ("Yesterday  09:00", "2026-11-21T08:00:00Z"),
        ("yesterday", "2026-11-20T23:00:00Z"),
        ("3 hours ago", "2026-11-22T19:30:15Z"),
        ("90 min ago", "2026-11-22T21:00:15Z"),
        ("2d ago", "2026-11-20T22:30:15Z"),
    ],
)
def test_without_a_zone_a_moment_is_local(zone: Callable[[str], None], text: str, utc: str) -> None:
    zone("Europe/Berlin")
    assert for_event(parse_moment(text, NOW)) == utc


def test_today_is_the_day_that_it_is_here(zone: Callable[[str], None]) -> None:
    zone("Pacific/Auckland")  # where it is the 23rd already, 13 hours ahead
    assert for_event(parse_moment("today", NOW)) == "2026-11-22T11:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "noon", "25:00", "2026-02-30", "yesterday 9", "3 weeks ago", "-1 h ago", "1.5 h ago"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text, NOW)


def test_it_is_said_back_with_its_zone(zone: Callable[[str], None]) -> None:
    moment = datetime(2026, 11, 22, 8, tzinfo=UTC)
    zone("Europe/Berlin")
    assert said_back(moment) == "2026-11-22 09:00:00 CET, which is 2026-11-22 08:00:00 UTC"
    zone("UTC")
    assert said_back(moment) == "2026-11-22 08:00:00 UTC"
    assert parse_moment("1 h ago", moment) == moment - timedelta(hours=1)
