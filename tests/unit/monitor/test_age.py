from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Health, Level, overall
from lifeboat.model.tiers import Tier
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SECOND,
    backup,
    empty,
    healthy,
    location,
    marker,
    stored,
)


def test_a_bucket_as_it_should_be_gives_no_finding() -> None:
    assert healthy().findings() == ()
    assert overall(healthy().findings()) is Health.HEALTHY


@pytest.mark.parametrize(
    ("age", "codes"),
    [(25 * HOUR, set()), (25 * HOUR + SECOND, {Code.BACKUP_TOO_OLD})],
)
def test_the_newest_backup_may_be_as_old_as_the_settings_say(
    age: timedelta, codes: set[Code]
) -> None:
    bucket = healthy().schedule("0 2 1 1 ? *")  # so that no run of the schedule was missed
    bucket.now = bucket.manifests[0].source.snapshot_time + age  # type: ignore[union-attr]
    assert bucket.codes() == codes


def test_age_counts_from_the_moment_that_a_backup_shows_and_not_from_its_slot() -> None:
    bucket = empty().add(backup(NEWEST)).schedule("0 2 1 1 ? *")
    shown = bucket.manifests[0].source.snapshot_time  # type: ignore[union-attr]
    assert shown > NEWEST
    bucket.now = shown + 30 * HOUR
    finding = bucket.only(Code.BACKUP_TOO_OLD)
    assert finding.since == shown
    assert finding.level is Level.CRITICAL
    assert finding.headline == "has no backup for 30 h"


def test_a_backup_that_gets_older_keeps_its_identity() -> None:
    bucket = healthy()
    seen = set()
    for hours in (26, 27, 300):
        bucket.now = NEWEST + hours * HOUR
        seen.add(bucket.only(Code.BACKUP_TOO_OLD).identity)
    assert len(seen) == 1


def test_a_newer_backup_without_its_archive_makes_nobody_younger() -> None:
    bucket = healthy()
    bucket.now = NEWEST + 2 * DAY
    late = backup(NEWEST + DAY)
    bucket.add(late)
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if each.key != late.archive.objects[0].key]
    finding = bucket.only(Code.BACKUP_TOO_OLD)
    assert finding.since == NEWEST + SECOND
    assert "1 newer one: not complete" in finding.fact


def test_manifests_alone_are_no_backup() -> None:
    bucket = healthy()
    bucket.manifests.clear()
    finding = bucket.only(Code.BACKUP_TOO_OLD)
    assert finding.level is Level.CRITICAL
    assert finding.headline == "has no complete backup"
    assert "the newest is daily/app/2026-11-25T020000Z" in finding.fact


@pytest.mark.parametrize(
    ("now", "level"),
    [
        ("2026-11-25T23:00:00+00:00", Level.INFO),
        ("2026-11-26T03:00:00+00:00", Level.INFO),
        ("2026-11-26T03:00:01+00:00", Level.CRITICAL),
    ],
)
def test_a_fresh_database_has_until_an_hour_after_its_first_slot(now: str, level: Level) -> None:
    bucket = empty(scheduled_since=NOW, now=datetime.fromisoformat(now))
    finding = bucket.only(Code.NO_BACKUP)
    assert finding.level is level
    assert "2026-11-26 02:00 UTC" in finding.fact


def test_a_database_seen_for_the_first_time_waits_for_its_first_slot() -> None:
    assert empty().only(Code.NO_BACKUP).level is Level.INFO


def test_a_schedule_that_never_fires_protects_nothing() -> None:
    finding = empty().schedule("0 2 1 1 ? 2025").only(Code.NO_BACKUP)
    assert finding.level is Level.CRITICAL
    assert "never runs again" in finding.fact


def test_deleted_manifests_are_no_backups() -> None:
    first = backup(NEWEST)
    bucket = empty(scheduled_since=NEWEST - 9 * DAY)
    bucket.objects = [marker(first.key, NEWEST + HOUR)]
    assert bucket.only(Code.NO_BACKUP).level is Level.CRITICAL


def test_a_slot_is_missed_an_hour_after_it_was_due() -> None:
    bucket = healthy().change("monitor", max_age_hours=200)
    bucket.now = NEWEST + DAY + HOUR - SECOND
    assert bucket.codes() == set()
    bucket.now += SECOND
    finding = bucket.only(Code.RUN_MISSED)
    assert finding.level is Level.WARNING
    assert finding.since == NEWEST + DAY
    assert finding.passing


def test_a_gap_keeps_its_identity_while_it_grows_and_once_it_is_closed() -> None:
    bucket = healthy().change("monitor", max_age_hours=200)
    bucket.now = NEWEST + DAY + 2 * HOUR
    first = bucket.only(Code.RUN_MISSED)
    bucket.now = NEWEST + 2 * DAY + 2 * HOUR
    grown = bucket.only(Code.RUN_MISSED)
    bucket.add(backup(NEWEST + 3 * DAY))
    bucket.now = NEWEST + 3 * DAY + 2 * HOUR
    closed = bucket.only(Code.RUN_MISSED)
    assert first.identity == grown.identity == closed.identity
    assert (first.headline, closed.headline) == ("missed 1 run", "missed 2 runs")
    assert "2026-11-26 02:00 UTC, 2026-11-27 02:00 UTC" in closed.fact


def test_a_gap_just_as_long_as_a_backup_may_be_old_is_still_a_warning() -> None:
    bucket = healthy().change("monitor", max_age_hours=30)
    bucket.now = NEWEST + 30 * HOUR
    assert bucket.only(Code.RUN_MISSED).level is Level.WARNING
    bucket.now += SECOND
    assert bucket.only(Code.RUN_MISSED).level is Level.INFO


def test_where_the_age_rings_already_a_missed_slot_only_stands_in_the_status() -> None:
    bucket = healthy()
    bucket.now = NEWEST + DAY + 2 * HOUR
    assert bucket.only(Code.BACKUP_TOO_OLD).level is Level.CRITICAL
    assert bucket.only(Code.RUN_MISSED).level is Level.INFO


def test_a_backup_by_hand_makes_up_for_a_missed_slot() -> None:
    bucket = healthy()
    bucket.manifests.pop(0)
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if "/2026-11-25T" not in each.key]
    assert bucket.codes() == {Code.BACKUP_TOO_OLD, Code.RUN_MISSED}
    bucket.add(backup(NEWEST + 8 * HOUR, tier=Tier.MANUAL))
    assert bucket.codes() == set()


def test_what_was_missed_is_listed_for_three_days() -> None:
    bucket = healthy().change("monitor", max_age_hours=200)
    gap = NEWEST - 2 * DAY
    bucket.manifests = [each for each in bucket.manifests if each.scheduled_at != gap]  # type: ignore[union-attr]
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if "/2026-11-23T" not in each.key]
    bucket.now = gap + 3 * DAY
    bucket.add(backup(NEWEST + DAY))
    assert bucket.only(Code.RUN_MISSED).since == gap
    bucket.now += SECOND
    assert bucket.codes() == set()


def test_what_has_expired_was_not_missed() -> None:
    bucket = healthy(days=2).change("monitor", max_age_hours=200)
    daily = bucket.settings.retention.daily.model_copy(update={"days": 1, "hot_days": 1})
    bucket.change("retention", daily=daily)
    bucket.configuration = empty().configuration
    weekly = backup(NEWEST - 3 * DAY)  # the Sunday's; Monday and Tuesday are gone by now
    bucket.manifests, bucket.objects = [], []
    bucket.add(weekly, backup(NEWEST))
    bucket.now = NEWEST + HOUR
    assert Code.RUN_MISSED not in bucket.codes()


def test_a_schedule_is_judged_from_when_it_was_known() -> None:
    bucket = healthy().change("monitor", max_age_hours=200).schedule("0 * * * ? *")
    bucket.scheduled_since = NOW - 90 * timedelta(minutes=1)
    assert bucket.only(Code.RUN_MISSED).headline == "missed 1 run"
    bucket.scheduled_since = NOW
    assert bucket.codes() == set()


def test_the_night_that_has_no_such_hour_misses_nothing() -> None:
    slot = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    bucket = empty().change("monitor", max_age_hours=72).schedule("30 2 * * ? *", "Europe/Berlin")
    bucket.add(backup(slot))
    bucket.now = datetime(2026, 3, 30, 1, 29, tzinfo=UTC)  # the 29th has no 02:30 in Berlin
    assert Code.RUN_MISSED not in bucket.codes()
    bucket.now = datetime(2026, 3, 30, 1, 30, tzinfo=UTC)
    assert bucket.only(Code.RUN_MISSED).headline == "missed 1 run"


def test_backups_from_the_future_fill_no_gap() -> None:
    bucket = healthy()
    bucket.add(backup(NEWEST + 30 * DAY))
    bucket.now = NEWEST + DAY + 2 * HOUR
    assert {Code.BACKUP_TOO_OLD, Code.RUN_MISSED, Code.CLOCK_SKEW} <= bucket.codes()


def test_a_backup_from_the_future_closes_no_gap_and_begins_none() -> None:
    bucket = healthy().change("monitor", max_age_hours=200)
    bucket.now = NEWEST + DAY + 2 * HOUR
    bucket.add(backup(NEWEST + 30 * DAY))
    finding = bucket.only(Code.RUN_MISSED)
    assert finding.headline == "missed 1 run"
    assert "there is none since then" in finding.fact


def test_a_gap_that_was_closed_in_time_stays_a_warning_however_old_it_gets() -> None:
    bucket = healthy().change("monitor", max_age_hours=50)
    bucket.add(backup(NEWEST + 2 * DAY))
    bucket.now = NEWEST + 3 * DAY
    finding = bucket.only(Code.RUN_MISSED)
    assert finding.level is Level.WARNING
    assert f"the next one is {location(NEWEST + 2 * DAY).id}" in finding.fact


def test_a_backup_whose_time_has_come_is_no_newer_one() -> None:
    """Somebody wrote it long before the time that it claims."""
    bucket = healthy()
    early = backup(NEWEST + DAY)
    bucket.manifests.append(early)
    assert isinstance(bucket.objects, list)
    bucket.objects += [replace(each, modified=NEWEST - DAY) for each in stored(early)]
    bucket.now = NEWEST + DAY + 3 * HOUR
    assert bucket.only(Code.BACKUP_TOO_OLD).since == NEWEST + SECOND
    assert bucket.only(Code.CLOCK_SKEW).subject == early.location.id
