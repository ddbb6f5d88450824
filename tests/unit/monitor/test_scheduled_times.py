from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lifeboat.monitor.policy.scheduled_times import last_scheduled, next_scheduled, scheduled_times

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_both_ends_count() -> None:
    found = scheduled_times("0 2 * * ? *", "UTC", at("2026-11-22T02:00"), at("2026-11-24T02:00"))
    assert [moment.day for moment in found] == [22, 23, 24]
    late = scheduled_times(
        "0 2 * * ? *", "UTC", at("2026-11-22T02:00:01"), at("2026-11-24T01:59:59")
    )
    assert [moment.day for moment in late] == [23]


def test_a_schedule_is_read_in_its_own_zone() -> None:
    (winter,) = scheduled_times(
        "30 2 * * ? *", BERLIN, at("2026-11-22T00:00"), at("2026-11-22T23:00")
    )
    (summer,) = scheduled_times(
        "30 2 * * ? *", BERLIN, at("2026-07-22T00:00"), at("2026-07-22T23:00")
    )
    assert (winter.hour, summer.hour) == (1, 0)


def test_an_hour_that_clocks_leave_out_has_no_slot() -> None:
    found = scheduled_times("30 2 * * ? *", BERLIN, at("2026-03-28T00:00"), at("2026-03-30T12:00"))
    assert [moment.day for moment in found] == [28, 30]


def test_an_hour_that_clocks_repeat_has_one_slot() -> None:
    found = list(
        scheduled_times("30 2 * * ? *", BERLIN, at("2026-10-25T00:00"), at("2026-10-25T12:00"))
    )
    assert found == [at("2026-10-25T00:30")]
    # from between the two on, the first one is past
    assert not list(
        scheduled_times("30 2 * * ? *", BERLIN, at("2026-10-25T01:00"), at("2026-10-25T12:00"))
    )


def test_the_next_slot_may_be_now_or_never() -> None:
    now = at("2026-11-22T02:00")
    assert next_scheduled("0 2 * * ? *", "UTC", now) == now
    assert next_scheduled("0 2 * * ? *", "UTC", now + timedelta(seconds=1)) == now + timedelta(
        days=1
    )
    assert next_scheduled("0 2 1 1 ? 2026", "UTC", now) is None


def test_without_an_end_they_go_on() -> None:
    found = list(islice(scheduled_times("0 2 29 2 ? *", "UTC", at("2026-01-01T00:00")), 3))
    assert [moment.year for moment in found] == [2028, 2032, 2036]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError, match="offset-naive"):
        next_scheduled("0 2 * * ? *", "UTC", datetime(2026, 1, 1))  # noqa: DTZ001  # the very mistake


@settings(max_examples=30)
@given(
    since=st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe"]),
    days=st.integers(0, 40),
)
def test_a_daily_schedule_has_a_slot_a_day_in_order(since: datetime, zone: str, days: int) -> None:
    found = list(scheduled_times("0 12 * * ? *", zone, since, since + timedelta(days=days)))
    assert found == sorted(set(found))
    assert days <= len(found) + 1 <= days + 2
    assert all(since <= moment <= since + timedelta(days=days) for moment in found)


YEARS = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(until=YEARS, cron=st.sampled_from(["0 2 * * ? *", "30 2 ? * SUN *", "15,45 1-3 1 * ? *"]))
@example(until=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), cron="30 2 ? * SUN *")
@example(until=datetime(2026, 3, 29, 1, 30, tzinfo=UTC), cron="30 2 ? * SUN *")
def test_the_last_slot_is_the_last_of_those_that_fire(until: datetime, cron: str) -> None:
    fired = list(scheduled_times(cron, "Europe/Berlin", until - timedelta(days=40), until))
    assert last_scheduled(cron, "Europe/Berlin", until) == fired[-1]


def test_a_schedule_that_never_fired_has_no_last_slot() -> None:
    assert last_scheduled("0 2 1 1 ? 2199", "UTC", datetime(2026, 1, 1, tzinfo=UTC)) is None
