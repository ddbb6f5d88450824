from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model.text import (
    ago,
    format_age,
    format_duration,
    format_size,
    format_time,
    join_first,
    plural,
)


def test_moments_are_shown_in_utc_to_the_minute() -> None:
    berlin = timezone(timedelta(hours=1))
    assert format_time(datetime(2026, 11, 22, 3, 0, 59, tzinfo=berlin)) == "2026-11-22 02:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (59, "0 min"),
        (90 * 60 - 1, "89 min"),
        (90 * 60, "1 h"),
        (44.9 * 3600, "44 h"),
        (72 * 3600 - 1, "71 h"),
        (72 * 3600, "3 days"),
        (44 * 86400, "44 days"),
    ],
)
def test_a_stretch_of_time_has_the_unit_that_fits(seconds: float, text: str) -> None:
    assert format_age(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.42, "0.42 s"),
        (4.81, "4.8 s"),
        (10, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (252, "4 min 12 s"),
        (3599.7, "1 h"),
        (3840, "1 h 4 min"),
        (90_000, "25 h"),
    ],
)
def test_a_duration_is_shown_as_exactly_as_matters(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (50_000_000, "50 MB"),
        (1_260_000_000, "1.3 GB"),
        (7e12, "7.0 TB"),
        (7e15, "7,000 TB"),
    ],
)
def test_sizes_have_the_unit_that_fits(amount: float, text: str) -> None:
    assert format_size(amount) == text


def test_counts_agree_with_their_nouns() -> None:
    assert [plural(count, "backup") for count in (0, 1, 1234)] == [
        "0 backups",
        "1 backup",
        "1,234 backups",
    ]


def test_long_lists_are_cut() -> None:
    assert join_first("abc") == "a, b, c"
    assert join_first("abcd", most=3) == "a, b, c and 1 more"
    assert join_first(map(str, range(10))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"


@given(moment=st.datetimes(timezones=st.just(UTC)), now=st.datetimes(timezones=st.just(UTC)))
def test_no_time_is_negative(moment: datetime, now: datetime) -> None:
    assert "-" not in format_age(now - moment)
    told = ago(moment, now)
    assert "-" not in told
    assert told.startswith("in ") == (moment > now)
    assert told.endswith(" ago") == (moment <= now)
