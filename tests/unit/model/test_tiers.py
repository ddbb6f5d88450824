from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.model.tiers import Tier, expires, locked_until, rule_of, tier_of

ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati")]
)
SCHEDULED = st.datetimes(
    min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("scheduled", "zone", "tier"),
    [
        ("2026-11-23T02:00:00Z", "UTC", Tier.DAILY),
        ("2026-11-22T02:00:00Z", "UTC", Tier.WEEKLY),
        ("2026-12-01T02:00:00Z", "UTC", Tier.MONTHLY),
        ("2026-11-01T02:00:00Z", "UTC", Tier.MONTHLY),  # the 1st is a Sunday
        ("2028-02-29T02:00:00Z", "UTC", Tier.DAILY),  # leap day, a Tuesday
        ("2032-02-29T02:00:00Z", "UTC", Tier.WEEKLY),  # leap day, a Sunday
        ("2028-03-01T02:00:00Z", "UTC", Tier.MONTHLY),  # the day after a leap day
        ("2026-11-30T23:30:00Z", "Europe/Berlin", Tier.MONTHLY),  # there it is the 1st already
        ("2026-12-01T02:00:00Z", "America/New_York", Tier.DAILY),  # there it is Monday the 30th
        ("2026-11-22T02:00:00Z", "America/New_York", Tier.DAILY),  # there it is Saturday
        # 2026-03-29 02:30 does not exist in Berlin, 2026-10-25 02:30 exists twice: both Sundays
        ("2026-03-29T01:30:00Z", "Europe/Berlin", Tier.WEEKLY),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", Tier.WEEKLY),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", Tier.WEEKLY),
        # the hour that midnight gains and loses: Saturday 23:30 in summer, Sunday 00:30 in winter
        ("2026-10-24T21:30:00Z", "Europe/Berlin", Tier.DAILY),
        ("2026-10-31T23:30:00Z", "Europe/Berlin", Tier.MONTHLY),
    ],
)
def test_the_calendar_of_the_schedules_zone_decides(scheduled: str, zone: str, tier: Tier) -> None:
    assert tier_of(datetime.fromisoformat(scheduled), ZoneInfo(zone)) is tier


@settings(max_examples=15)
@given(year=st.integers(2000, 2900), zone=ZONES)
def test_a_year_of_nightly_runs_has_one_monthly_a_month_and_no_sunday_is_lost(
    year: int, zone: ZoneInfo
) -> None:
    nights = [datetime(year, 1, 1, 3, tzinfo=zone) + timedelta(days=day) for day in range(365)]
    tiers = {night.date(): tier_of(night.astimezone(UTC), zone) for night in nights}
    assert sum(tier is Tier.MONTHLY for tier in tiers.values()) == 12
    for day, tier in tiers.items():
        assert (tier is Tier.MONTHLY) == (day.day == 1)
        assert (tier is Tier.WEEKLY) == (day.weekday() == 6 and day.day != 1)


@given(scheduled=SCHEDULED, zone=ZONES, other=ZONES)
def test_the_tier_depends_on_the_moment_and_not_on_how_it_is_written(
    scheduled: datetime, zone: ZoneInfo, other: ZoneInfo
) -> None:
    assert tier_of(scheduled, zone) is tier_of(scheduled.astimezone(other), zone)


@given(scheduled=SCHEDULED, zone=ZONES)
def test_a_schedule_never_makes_a_manual_backup(scheduled: datetime, zone: ZoneInfo) -> None:
    assert tier_of(scheduled, zone) is not Tier.MANUAL


def test_a_tier_comes_with_its_reason() -> None:
    assert "1st" in rule_of(datetime(2026, 11, 1, 2, tzinfo=UTC), ZoneInfo("UTC")).reason


def test_a_time_without_a_zone_has_no_tier() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        tier_of(datetime(2026, 11, 1, 2), ZoneInfo("UTC"))  # noqa: DTZ001 - the very mistake


def test_a_time_that_utc_cannot_express_is_refused_as_such() -> None:
    edge = datetime(1, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    with pytest.raises(ValueError, match="not a year of UTC"):
        tier_of(edge, ZoneInfo("UTC"))


def test_days_count_from_the_start_and_forever_never_ends() -> None:
    start = datetime(2026, 11, 22, 2, tzinfo=UTC)
    assert expires(30, start) == datetime(2026, 12, 22, 2, tzinfo=UTC)
    assert expires(None, start) is None
    assert locked_until(90, start) == datetime(2027, 2, 20, 2, tzinfo=UTC)
    assert locked_until(None, start) is None


@given(start=SCHEDULED, days=st.integers(1, 36500), shorter=st.integers(0, 36500))
def test_a_lock_for_the_tiers_days_never_outlives_the_tier(
    start: datetime, days: int, shorter: int
) -> None:
    end = expires(days, start)
    lock = locked_until(max(days - shorter, 0), start)
    assert end is not None
    assert lock is not None
    assert start <= lock <= end
