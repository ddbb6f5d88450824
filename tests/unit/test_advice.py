"""Settings that are allowed, but that somebody should think about."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lifeboat.policy.advice import warnings
from lifeboat.policy.schedule import first_runs, is_skipped, runs_per_day
from lifeboat.settings import Settings

TODAY = date(2026, 11, 22)
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/app-AbCd12"


def warnings_for(database: dict[str, str] | None = None, **more: object) -> list[str]:
    whole: dict[str, Any] = {"databases": [{"name": "app", "secret_arn": ARN} | (database or {})]}
    return warnings(Settings.model_validate(whole | more), today=TODAY)


def test_the_defaults_raise_no_eyebrow() -> None:
    assert warnings_for() == []


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


def test_a_schedule_that_skips_days_but_fills_every_tier_is_still_told() -> None:
    (told,) = warnings_for({"cron": "0 2 1/2 * ? *"})

    assert "of the next 366 days only." in told
    assert "without any run" not in told


def test_a_schedule_that_begins_in_years_is_told() -> None:
    (told,) = warnings_for({"cron": "0 2 * * ? 2031"})

    assert "does not fire within the next 366 days" in told


def test_a_run_in_the_hour_that_summer_time_swallows_is_told() -> None:
    (told,) = warnings_for({"cron": "30 2 * * ? *", "timezone": "Europe/Berlin"})

    assert "has no run on 2027-03-28: clocks in Europe/Berlin are put forward" in told
    assert warnings_for({"cron": "30 3 * * ? *", "timezone": "Europe/Berlin"}) == []
    assert warnings_for({"cron": "30 2 * * ? *", "timezone": "Asia/Tokyo"}) == []


def test_the_hour_that_comes_twice_in_autumn_is_not_skipped() -> None:
    assert not is_skipped(datetime.fromisoformat("2026-10-25T02:30"), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("storage_class", "least"), [("GLACIER", 90), ("GLACIER_IR", 90), ("DEEP_ARCHIVE", 180)]
)
def test_a_retention_below_what_is_billed_anyway_is_told(storage_class: str, least: int) -> None:
    def told(days: int) -> list[str]:
        tier = {"days": days, "hot_days": 30, "storage_class": storage_class}
        return warnings_for(retention={"weekly": tier})

    (line,) = told(least - 1)
    assert f"lifeboat.retention.weekly keeps backups for {least - 1} days" in line
    assert f"at least {least} days of {storage_class}" in line
    assert told(least) == []


def test_a_single_availability_zone_is_told() -> None:
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
