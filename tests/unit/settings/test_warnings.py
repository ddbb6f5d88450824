"""Settings that are allowed, but that somebody should think about."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model.schedule import first_runs, is_skipped, longest_interval, runs_per_day
from lifeboat.settings import Settings
from lifeboat.settings.warnings import warnings

TODAY = date(2026, 11, 22)
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0f0e0d0c-0b0a-0908-0706-050403020100"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/app-AbCd12"


def warnings_for(database: dict[str, str] | None = None, **more: object) -> list[str]:
    """What is said about settings in which, unless stated otherwise, nothing is odd."""
    calm: dict[str, Any] = {
        "databases": [{"name": "app", "secret_arn": ARN} | (database or {})],
        "alerts": {"emails": ["oncall@example.com"]},
        "monitor": {"max_age_hours": 8784},
        "restore": {"target_secret_arns": [ARN.replace("app", "admin")]},
    }
    return warnings(Settings.model_validate(calm | more), today=TODAY)


def test_the_defaults_raise_no_eyebrow_once_somebody_is_notified() -> None:
    assert warnings_for(monitor={}) == []


def test_a_stack_that_could_restore_nowhere_is_reported() -> None:
    (told,) = warnings_for(restore={})

    assert "lifeboat.restore.target_secret_arns is empty" in told
    assert "in an emergency it would take a deployment first" in told
    assert warnings_for(restore={"enabled": False}) == []


def test_a_key_of_ones_own_is_reported_with_what_a_change_of_it_takes() -> None:
    (told,) = warnings_for(encryption=KEY)
    assert "add this key to lifeboat.former_encryption_keys" in told

    told, twice = warnings_for(encryption=KEY, former_encryption_keys=[KEY])
    assert "has no effect" in told + twice
    assert warnings_for(former_encryption_keys=[KEY]) == []


def test_a_schedule_of_several_runs_a_day_multiplies_every_tier() -> None:
    (told,) = warnings_for({"cron": "0 0/6 * * ? *"})

    assert "lifeboat.databases.0.cron '0 0/6 * * ? *' (app) fires 4 times a day" in told
    assert "keep 4 of each" in told


@pytest.mark.parametrize(
    ("cron", "days", "never"),
    [
        ("0 2 ? * MON-SAT *", 313, "weekly"),
        ("0 2 ? * SUN *", 53, "daily"),
        ("0 2 1 * ? *", 12, "daily, weekly"),
        ("0 2 2-28 * ? *", 325, "monthly"),
    ],
)
def test_a_schedule_that_skips_days_names_the_tiers_that_stay_empty(
    cron: str, days: int, never: str
) -> None:
    (told,) = warnings_for({"cron": cron})

    assert f"fires on {days} of the next 366 days only" in told
    assert told.endswith(f"The tiers without any run: {never}.")


def test_a_schedule_that_skips_days_but_fills_every_tier_is_still_reported() -> None:
    (told,) = warnings_for({"cron": "0 2 1/2 * ? *"})

    assert "of the next 366 days only." in told
    assert "without any run" not in told


def test_a_schedule_that_begins_in_years_is_reported() -> None:
    (told,) = warnings_for({"cron": "0 2 * * ? 2031"})

    assert "does not fire within the next 366 days" in told


def test_a_run_in_the_hour_that_summer_time_swallows_is_reported() -> None:
    (told,) = warnings_for({"cron": "30 2 * * ? *", "timezone": "Europe/Berlin"})

    assert "has no run on 2027-03-28: clocks in Europe/Berlin are put forward" in told
    assert warnings_for({"cron": "30 3 * * ? *", "timezone": "Europe/Berlin"}) == []
    assert warnings_for({"cron": "30 2 * * ? *", "timezone": "Asia/Tokyo"}) == []


def test_the_hour_that_comes_twice_in_autumn_is_not_skipped() -> None:
    assert not is_skipped(datetime.fromisoformat("2026-10-25T02:30"), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("storage_class", "least"), [("GLACIER", 90), ("GLACIER_IR", 90), ("DEEP_ARCHIVE", 180)]
)
def test_a_retention_below_what_is_billed_anyway_is_reported(
    storage_class: str, least: int
) -> None:
    def told(days: int) -> list[str]:
        tier = {"days": days, "hot_days": 30, "storage_class": storage_class}
        return warnings_for(retention={"weekly": tier})

    (line,) = told(least - 1)
    assert f"lifeboat.retention.weekly keeps backups for {least - 1} days" in line
    assert f"at least {least} days of {storage_class}" in line
    assert told(least) == []


def test_a_single_availability_zone_is_reported() -> None:
    (told,) = warnings_for(retention={"weekly": {"storage_class": "ONEZONE_IA"}})

    assert "they are lost with it" in told


def test_a_lock_that_is_off_has_no_days() -> None:
    retention = {"weekly": {"lock_days": 10}}

    (told,) = warnings_for(retention=retention, object_lock="off")
    assert "lifeboat.retention.weekly.lock_days has no effect" in told
    assert warnings_for(retention=retention) == []


def test_the_first_runs_of_days_are_found_without_looking_at_the_others() -> None:
    runs = list(first_runs("*/5 4-6 ? * SAT,SUN *", date(2026, 11, 26), 7))

    assert [run.isoformat() for run in runs] == ["2026-11-28T04:00:00", "2026-11-29T04:00:00"]


@pytest.mark.parametrize(
    ("cron", "runs"), [("0 2 * * ? *", 1), ("* * * * ? *", 1440), ("0,30 1-3,2 * * ? *", 6)]
)
def test_runs_per_day_are_counted_once_each(cron: str, runs: int) -> None:
    assert runs_per_day(cron) == runs


@pytest.mark.parametrize("alerts", [{}, {"remind_hours": 1}])
def test_alarms_that_nobody_hears_are_reported(alerts: dict[str, Any]) -> None:
    (told,) = warnings_for(alerts=alerts)

    assert "lifeboat.alerts names nobody" in told
    assert "TopicArn" in told


@pytest.mark.parametrize(
    "alerts", [{"emails": ["a@example.com"]}, {"webhook_url_secret_arn": ARN}, {"slack": True}]
)
def test_one_way_to_be_heard_is_enough(alerts: dict[str, Any]) -> None:
    assert warnings_for(alerts=alerts) == []


def test_a_key_for_a_secret_that_is_not_named_is_reported() -> None:
    (told,) = warnings_for(alerts={"slack": True, "webhook_url_secret_key_arn": KEY})
    assert "webhook_url_secret_key_arn has no effect" in told

    (told,) = warnings_for(drill={"target_secret_key_arns": [KEY]})
    assert "target_secret_key_arns has no effect" in told


@pytest.mark.parametrize(
    ("cron", "hours", "gap"),
    [
        ("0 2 * * ? *", 24, "24"),
        ("0 2 ? * MON-FRI *", 71, "72"),
        ("30 0/6 * * ? *", 6, "6"),
        ("0,30 2 * * ? *", 23, "23.5"),
    ],
)
def test_an_age_at_which_healthy_backups_ring_is_reported(cron: str, hours: int, gap: str) -> None:
    told = warnings_for({"cron": cron}, monitor={"max_age_hours": hours})

    (line,) = [line for line in told if "max_age_hours" in line]
    assert f"(app) leaves {gap} hours between two backups" in line
    assert f"lifeboat.monitor.max_age_hours is {hours}:" in line
    enough = warnings_for({"cron": cron}, monitor={"max_age_hours": hours + 2})
    assert not [line for line in enough if "max_age_hours" in line]


def test_no_drills_at_all_are_reported() -> None:
    (told,) = warnings_for(drill={"enabled": False, "cron": "0 5 1 1 ? *"})

    assert "nothing will ever show that a backup can be restored" in told


def test_drills_that_are_too_rare_for_the_monitor_are_reported() -> None:
    (told,) = warnings_for(drill={"cron": "0 5 1 */3 ? *"})
    assert "leaves 92 days between two drills" in told
    assert "lifeboat.monitor.max_drill_age_days is 35" in told

    (told,) = warnings_for(drill={"cron": "0 5 1 1 ? *"})
    assert "fires less than twice in 366 days" in told

    assert warnings_for(drill={"cron": "0 5 1 * ? *"}) == []


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_backups_that_are_cold_from_the_start_cannot_be_back_in_time(storage_class: str) -> None:
    def told(hot_days: int) -> list[str]:
        tier = {"days": 365, "hot_days": hot_days, "storage_class": storage_class}
        return warnings_for(retention={"monthly": tier}, drill={"rto_minutes": 30})

    (line,) = told(0)
    assert f"lifeboat.retention.monthly moves backups to {storage_class} at once" in line
    assert "rto_minutes (30)" in line
    assert told(1) == []


@pytest.mark.parametrize(
    ("cron", "gap"),
    [
        ("15 * * * ? *", timedelta(hours=1)),
        ("0/20 * * * ? *", timedelta(minutes=20)),
        ("0,10 * * * ? *", timedelta(minutes=50)),
        ("0 2,14 * * ? *", timedelta(hours=12)),
        ("0 2,3 * * ? *", timedelta(hours=23)),
        ("0 5 ? * MON *", timedelta(days=7)),
        ("0 5 1 * ? *", timedelta(days=31)),
        ("0 5 1 12 ? 2026", None),
        ("0 5,7 1 12 ? 2026", timedelta(hours=2)),
        ("0 5 * * ? 2025", None),
    ],
)
def test_the_longest_gap_is_within_days_or_across_nights(cron: str, gap: timedelta | None) -> None:
    assert longest_interval(cron, TODAY, 366) == gap


@given(
    st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(0, 59), min_size=1, max_size=2, unique=True),
    st.lists(st.integers(1, 7), min_size=1, max_size=3, unique=True),
)
def test_the_longest_gap_is_what_counting_through_all_runs_gives(
    hours: list[int], minutes: list[int], weekdays: list[int]
) -> None:
    def field(values: list[int]) -> str:
        return ",".join(map(str, values))

    cron = f"{field(minutes)} {field(hours)} ? * {field(weekdays)} *"
    days = (datetime.combine(TODAY, time()) + timedelta(days=passed) for passed in range(21))
    runs = [
        day + timedelta(hours=hour, minutes=minute)
        for day in days
        if day.isoweekday() % 7 + 1 in weekdays  # Sunday is 1
        for hour in sorted(hours)
        for minute in sorted(minutes)
    ]
    gaps = [later - earlier for earlier, later in pairwise(runs)]

    assert longest_interval(cron, TODAY, 21) == max(gaps)
