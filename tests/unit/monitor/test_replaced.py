"""A manifest is written once: whoever wrote a second one meant to replace a backup."""

from dataclasses import replace
from datetime import datetime

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.tiers import Tier
from tests.support.monitor_harness import Monitor
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SETTINGS,
    SeenBucket,
    backup,
    drill,
    healthy,
    marker,
    version,
)

OLD = NEWEST - 3 * DAY


def write_over(bucket: SeenBucket, key: str, when: datetime = NOW) -> None:
    """Put another version over an object, as PutObject does."""
    assert isinstance(bucket.objects, list)
    bucket.objects = [
        replace(each, latest=False) if each.key == key else each for each in bucket.objects
    ]
    bucket.objects.append(version(key, when, version_id="forged", size=4001))


@pytest.mark.parametrize("tier", Tier)
def test_a_manifest_with_two_versions_is_critical_in_every_tier(tier: Tier) -> None:
    bucket = healthy()
    old = backup(OLD + HOUR, tier=tier)
    bucket.add(old)
    write_over(bucket, old.key)
    finding = bucket.only(Code.MANIFEST_REPLACED)
    assert (finding.level, finding.subject) == (Level.CRITICAL, old.key)
    for told in (f"v-{old.key}", "4000 bytes", "forged", "4001 bytes", "2026-11-25 12:00 UTC"):
        assert told in finding.fact
    assert f"--version-id v-{old.key}" in " ".join(map(str, finding.advice))


def test_one_that_was_replaced_before_the_history_begins_is_found_too() -> None:
    bucket = healthy().change("monitor", history=2)
    write_over(bucket, bucket.manifests[8].key)
    assert Code.MANIFEST_REPLACED in bucket.codes()


def test_a_delete_marker_is_no_second_version() -> None:
    bucket = healthy()
    key = bucket.manifests.pop(3).key
    assert isinstance(bucket.objects, list)
    bucket.objects = [
        replace(each, latest=False) if each.key == key else each for each in bucket.objects
    ]
    bucket.objects.append(marker(key, NOW))
    assert Code.MANIFEST_REPLACED not in bucket.codes()


def test_a_backup_that_was_deleted_and_written_anew_was_replaced() -> None:
    bucket = healthy()
    key = bucket.manifests[3].key
    write_over(bucket, key)
    assert isinstance(bucket.objects, list)
    bucket.objects.append(replace(marker(key, NOW - HOUR), latest=False))
    assert bucket.only(Code.MANIFEST_REPLACED).level is Level.CRITICAL


def test_an_archive_with_two_versions_is_no_replaced_manifest() -> None:
    bucket = healthy()
    key = bucket.manifests[3].key.replace("manifest.json", "archive.dump")
    write_over(bucket, key)
    assert Code.MANIFEST_REPLACED not in bucket.codes()


def test_it_stays_critical_when_s3_has_deleted_the_first_version() -> None:
    bucket = healthy()
    key = bucket.manifests[3].key
    write_over(bucket, key)
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    assert monitor.told == [("new", "manifest-replaced")]
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if each.latest]
    assert monitor.look(bucket.facts(), NOW + HOUR).told == []
    (finding,) = monitor.findings
    assert (finding.code, finding.level) == (Code.MANIFEST_REPLACED, Level.CRITICAL)
    assert "is no longer in the bucket" in finding.fact
    assert not any("Read the first version" in str(step) for step in finding.advice)


def test_it_is_resolved_when_only_the_first_version_is_left() -> None:
    bucket = healthy()
    write_over(bucket, bucket.manifests[3].key)
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    assert isinstance(bucket.objects, list)
    bucket.objects = [
        replace(each, latest=True) for each in bucket.objects if each.version_id != "forged"
    ]
    assert monitor.look(bucket.facts(), NOW + HOUR).recoveries == ["manifest-replaced"]


def test_it_is_forgotten_and_not_right_when_the_backup_is_gone() -> None:
    bucket = healthy()
    gone = bucket.manifests[8].key
    write_over(bucket, gone)
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    bucket.manifests.pop(8)
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if each.key != gone]
    assert monitor.look(bucket.facts(), NOW + HOUR).recoveries == []
    assert monitor.state is not None
    assert monitor.state.notified == ()


def test_a_drills_report_with_two_versions_is_reported() -> None:
    bucket = healthy()
    report = drill(NEWEST + HOUR)
    bucket.drills.append(report)
    assert isinstance(bucket.objects, list)
    bucket.objects.append(version(report.key, NEWEST + HOUR))
    assert bucket.codes() == set()
    write_over(bucket, report.key)
    finding = bucket.only(Code.DRILL_REPORT_REPLACED)
    assert (finding.level, finding.subject) == (Level.WARNING, report.key)
