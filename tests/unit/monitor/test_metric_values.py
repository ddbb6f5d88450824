"""What is sent to CloudWatch, and how often: each metric is billed by the hour."""

from datetime import datetime, timedelta

import pytest

from lifeboat.model.metrics import (
    DAILY,
    DAILY_PER_DATABASE,
    DAILY_PER_DRILLED_DATABASE,
    EACH_CHECK,
    MetricValue,
)
from lifeboat.monitor.policy.metric_values import DAILY_AFTER, is_daily, metrics_of
from lifeboat.monitor.policy.scheduled_times import scheduled_times
from lifeboat.monitor.policy.status import status_of
from lifeboat.settings import WatchedDatabase
from tests.support.seen_bucket import DAY, HOUR, NOW, SETTINGS, UNKNOWN, SeenBucket, empty, healthy

MIDNIGHT = NOW.replace(hour=0, minute=0)
DAILY_LOOK = MIDNIGHT + timedelta(hours=6, minutes=15)


def figures(bucket: SeenBucket, now: datetime = NOW) -> dict[tuple[str, str | None], float]:
    status = status_of(bucket.facts(), bucket.settings, bucket.findings(), bucket.now)
    found = list(metrics_of(status, bucket.settings, now))
    assert len({(each.name, each.database) for each in found}) == len(found)
    return {(each.name, each.database): each.value for each in found}


def test_a_usual_look_sends_one_figure() -> None:
    assert figures(healthy()) == {("BackupAge", None): pytest.approx(9.9997)}


def test_one_look_a_day_sends_what_the_dashboard_shows() -> None:
    found = figures(healthy(), DAILY_LOOK)
    assert found.keys() == {
        *((name, None) for name in (*EACH_CHECK, *DAILY)),
        *((name, "app") for name in (*DAILY_PER_DATABASE, *DAILY_PER_DRILLED_DATABASE)),
    }
    assert found["Findings", "app"] == 0
    assert found["MonthlyCost", None] > 1
    assert found["DrillAge", "app"] == pytest.approx(2.2917)


def test_without_a_dashboard_nothing_is_sent_that_only_it_shows() -> None:
    bucket = healthy()
    bucket.settings = bucket.settings.model_copy(update={"dashboard": False})
    assert figures(bucket, DAILY_LOOK).keys() == {("BackupAge", None)}


@pytest.mark.parametrize(
    "cron", ["15 * * * ? *", "0/20 * * * ? *", "0 0/6 * * ? *", "30 5/12 * * ? *"]
)
def test_one_turn_of_each_day_is_the_daily_one_whatever_the_schedule(cron: str) -> None:
    turns = scheduled_times(
        cron, "UTC", MIDNIGHT + DAILY_AFTER, MIDNIGHT + DAILY_AFTER + 3 * DAY - HOUR / 60
    )
    daily = [each for each in turns if is_daily(cron, each)]
    assert len(daily) == len({(each - DAILY_AFTER).date() for each in daily}) == 3


def test_a_look_by_hand_soon_after_the_daily_one_counts_as_the_same() -> None:
    assert is_daily("15 * * * ? *", DAILY_LOOK + timedelta(minutes=20))
    assert not is_daily("15 * * * ? *", DAILY_LOOK + HOUR)
    assert not is_daily("15 * * * ? *", DAILY_LOOK - timedelta(minutes=1))


def test_the_age_is_that_of_the_database_whose_newest_backup_is_the_oldest() -> None:
    bucket = healthy()
    bucket.settings = bucket.settings.model_copy(
        update={"databases": (*SETTINGS.databases, WatchedDatabase(name="zoo"))}
    )
    assert figures(bucket) == {("BackupAge", None): pytest.approx(9.9997)}, "zoo is not seen"


def test_a_database_without_a_backup_counts_from_when_its_first_was_due() -> None:
    late = empty(scheduled_since=NOW - 9 * DAY)  # at noon; the first one was due at 02:00
    assert figures(late) == {("BackupAge", None): 9 * 24 - 14}
    waiting = empty(scheduled_since=NOW - HOUR)
    assert figures(waiting) == {}, "its first backup is not due yet: nothing is wrong"


def test_what_is_not_known_is_not_sent() -> None:
    bucket = healthy()
    bucket.objects = UNKNOWN
    assert figures(bucket, DAILY_LOOK).keys() == {("MonthlyCost", None)}


def test_a_figure_is_of_all_databases_unless_it_names_one() -> None:
    assert MetricValue("BackupAge", 1.0).database is None
