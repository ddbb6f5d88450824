"""What a monitor may conclude that looks for the first time, or has forgotten."""

from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.model.tiers import Tier
from lifeboat.settings import WatchedDatabase, WatchedSettings
from tests.support.monitor_harness import Monitor
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SETTINGS,
    UNKNOWN,
    SeenBucket,
    backup,
    drill,
    empty,
    healthy,
    marker,
    version,
)

DRILLED = datetime(2026, 11, 23, 5, tzinfo=UTC)


def looked(monitor: Monitor, bucket: SeenBucket, now: datetime) -> Monitor:
    bucket.now = now
    return monitor.look(bucket.facts(), now)


def test_a_first_look_at_an_undrilled_bucket_is_the_same_an_hour_later() -> None:
    bucket = healthy()
    bucket.drills = []
    monitor = looked(Monitor(SETTINGS), bucket, NOW)
    assert monitor.told == [("new", "no-drill")]
    assert looked(monitor, bucket, NOW + HOUR).told == []
    assert monitor.level(Code.NO_DRILL) is Level.WARNING


def test_a_first_look_at_an_empty_bucket_waits_for_the_first_slot() -> None:
    monitor, bucket = Monitor(SETTINGS), empty()
    assert looked(monitor, bucket, NOW).level(Code.NO_BACKUP) is Level.INFO
    assert looked(monitor, bucket, NEWEST + DAY + HOUR).told == []
    late = looked(monitor, bucket, NEWEST + DAY + 2 * HOUR)
    assert late.told == [("new", "no-backup")]


def test_what_was_never_backed_up_stays_critical_when_the_memory_is_lost() -> None:
    monitor, bucket = Monitor(SETTINGS), empty()
    looked(monitor, bucket, NOW - 3 * DAY)
    assert looked(monitor, bucket, NOW).level(Code.NO_BACKUP) is Level.CRITICAL
    monitor.lost = True
    assert looked(monitor, bucket, NOW + HOUR).told == [("new", "no-backup")]
    assert looked(monitor, bucket, NOW + 2 * HOUR).told == []
    assert monitor.level(Code.NO_BACKUP) is Level.CRITICAL


def test_what_could_not_be_seen_at_the_first_look_is_no_excuse_at_the_second() -> None:
    monitor, bucket = Monitor(SETTINGS), empty()
    bucket.objects = UNKNOWN
    looked(monitor, bucket, NOW)
    bucket.objects = []
    assert looked(monitor, bucket, NOW + HOUR).level(Code.NO_BACKUP) is Level.CRITICAL


def test_a_bucket_is_as_old_as_what_the_other_databases_have_in_it() -> None:
    shop = WatchedDatabase(name="shop")
    both = WatchedSettings(databases=(*SETTINGS.databases, shop))
    bucket = healthy(settings=both)
    facts = bucket.facts()
    other = type(facts.databases[0])(name="shop", objects=())
    facts = type(facts)(**{**vars(facts), "databases": (*facts.databases, other)})
    monitor = Monitor(both).look(facts, NOW)
    assert ("new", "no-backup") in monitor.told
    assert monitor.look(facts, NOW + HOUR).told == []


def test_a_database_that_is_new_in_the_settings_waits_though_the_bucket_is_old() -> None:
    shop = WatchedDatabase(name="shop")
    both = WatchedSettings(databases=(*SETTINGS.databases, shop))
    bucket = healthy()
    monitor = looked(Monitor(SETTINGS), bucket, NOW)
    monitor.settings = both
    facts = bucket.facts()
    other = type(facts.databases[0])(name="shop", objects=())
    facts = type(facts)(**{**vars(facts), "databases": (*facts.databases, other)})
    assert monitor.look(facts, NOW + HOUR).told == []
    assert monitor.level(Code.NO_BACKUP) is Level.INFO


def test_another_schedule_excuses_nothing_that_was_never_done() -> None:
    monitor, bucket = Monitor(SETTINGS), empty()
    looked(monitor, bucket, NOW - 3 * DAY)
    looked(monitor, bucket, NOW)
    bucket.schedule("0 3 * * ? *")
    monitor.settings = bucket.settings
    assert looked(monitor, bucket, NOW + HOUR).told == []
    assert monitor.level(Code.NO_BACKUP) is Level.CRITICAL


def test_another_schedule_misses_no_runs_from_before_it() -> None:
    bucket = healthy()
    monitor = looked(Monitor(SETTINGS), bucket, NOW)
    bucket.schedule("0 * * * ? *")
    monitor.settings = bucket.settings
    assert looked(monitor, bucket, NOW + HOUR).told == []
    assert looked(monitor, bucket, NOW + 3 * HOUR).told == [("new", "run-missed")]


def test_a_missed_run_is_missed_whatever_the_monitor_forgot() -> None:
    bucket = healthy().change("monitor", max_age_hours=200)
    gap = f"/{NEWEST - DAY:%Y-%m-%d}T"
    bucket.manifests = [each for each in bucket.manifests if gap not in each.key]
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if gap not in each.key]
    monitor = Monitor(bucket.settings)
    for lost in (False, False, True, False):
        monitor.lost = lost
        looked(monitor, bucket, NOW)
        assert monitor.level(Code.RUN_MISSED) is Level.WARNING


def test_the_first_backup_is_remembered_when_it_has_expired() -> None:
    """Kept for two days and drilled once a month: the oldest that is there is always young."""
    bucket = empty().change("drill", cron="0 5 1 * ? *").change("monitor", max_age_hours=900)
    bucket.add(backup(NEWEST, tier=Tier.DAILY))
    monitor = looked(Monitor(bucket.settings), bucket, NOW)
    assert monitor.level(Code.NO_DRILL) is Level.INFO
    bucket.manifests, bucket.objects = [], []
    bucket.add(backup(NEWEST + 7 * DAY, tier=Tier.DAILY))
    assert looked(monitor, bucket, NOW + 7 * DAY).level(Code.NO_DRILL) is Level.WARNING
    assert ("new", "no-drill") in monitor.told


@pytest.mark.parametrize("lost", [False, True])
def test_when_every_backup_is_gone_nobody_waits_for_the_first_one(*, lost: bool) -> None:
    bucket = healthy(days=1)
    monitor = looked(Monitor(SETTINGS), bucket, NOW)
    key = bucket.manifests[0].key
    bucket.manifests, bucket.objects = [], [marker(key, NOW), version(key, NEWEST, latest=False)]
    monitor.lost = lost
    looked(monitor, bucket, NOW + HOUR)
    assert monitor.level(Code.NO_BACKUP) is Level.CRITICAL
    (finding,) = [each for each in monitor.findings if each.code is Code.NO_BACKUP]
    assert finding.headline == "has no backup left"
    assert "resolved" not in dict(monitor.told)


def test_a_state_without_the_optional_fields_is_read() -> None:
    document = b"""{"schema_version": 1, "notified": [
      {"database": "app", "code": "drill-failed", "subject": "", "level": "critical",
       "headline": "failed its drill", "first_notified": "2026-11-24T05:15:00Z",
       "last_notified": "2026-11-24T05:15:00Z", "passing": false}],
      "schedules": {"app": {"schedule": "0 2 * * ? * UTC", "since": "2026-11-01T00:00:00Z"}}}"""
    state = MonitorState.from_json(document)
    bucket = healthy()
    bucket.drills = [drill(DRILLED + DAY + HOUR)]
    monitor = looked(Monitor(SETTINGS, state), bucket, NOW)
    assert monitor.told == [("resolved", "drill-failed")]
    assert monitor.state is not None
    known = monitor.state.schedules["app"]
    assert known.since == known.expected_since == datetime(2026, 11, 1, tzinfo=UTC)
    assert known.first_backup == NEWEST - 9 * DAY


def test_a_backup_from_the_future_was_not_the_first() -> None:
    monitor = looked(Monitor(SETTINGS), empty().add(backup(NOW + 30 * DAY)), NOW)
    assert monitor.state is not None
    assert monitor.state.schedules["app"].first_backup is None


def test_a_database_that_left_the_settings_is_not_resolved() -> None:
    bucket = healthy()
    monitor = looked(Monitor(SETTINGS), bucket, NOW + 2 * DAY)
    assert ("new", "backup-too-old") in monitor.told
    monitor.settings = WatchedSettings(databases=(WatchedDatabase(name="shop"),))
    assert monitor.look(bucket.facts(), NOW + 2 * DAY + timedelta(minutes=1)).recoveries == []
    assert monitor.state is not None
    assert {each.database for each in monitor.state.notified} == {"shop"}
