from dataclasses import replace
from datetime import timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.errors import ManifestError
from lifeboat.model.manifest import Manifest
from lifeboat.monitor.policy.facts import StoredVersion, Unreadable
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SECOND,
    SeenBucket,
    backup,
    healthy,
    location,
    marker,
    version,
)

ARCHIVE = location(NEWEST - 2 * DAY).archive_key


def _without(bucket: SeenBucket, key: str) -> list[StoredVersion]:
    assert isinstance(bucket.objects, list)
    return [each for each in bucket.objects if each.key != key]


def test_an_archive_that_is_gone_is_critical() -> None:
    bucket = healthy()
    bucket.objects = _without(bucket, ARCHIVE)
    finding = bucket.only(Code.ARCHIVE_MISSING)
    assert finding.level is Level.CRITICAL
    assert finding.subject == ARCHIVE
    assert "not in the bucket" in finding.safe


def test_roles_that_are_gone_are_a_warning() -> None:
    bucket = healthy()
    bucket.objects = _without(bucket, location(NEWEST).globals_key)
    assert bucket.only(Code.ARCHIVE_MISSING).level is Level.WARNING
    assert bucket.codes() == {Code.ARCHIVE_MISSING}  # the backup still counts


def test_a_backup_without_globals_is_whole() -> None:
    bucket = healthy(days=1)
    assert isinstance(bucket.manifests[0], Manifest)
    bucket.manifests[0] = bucket.manifests[0].model_copy(update={"globals": None})
    bucket.objects = _without(bucket, location(NEWEST).globals_key)
    assert bucket.codes() == set()


def test_a_hidden_archive_comes_with_the_command_that_brings_it_back() -> None:
    bucket = healthy()
    kept = version(ARCHIVE, NEWEST, size=50_000_000, latest=False)
    bucket.objects = [*_without(bucket, ARCHIVE), kept, marker(ARCHIVE, NOW)]
    finding = bucket.only(Code.ARCHIVE_MISSING)
    assert finding.safe == "The version that the manifest names is still in the bucket."
    (undo,) = (str(step) for step in finding.advice if "remove the delete marker" in step.text)
    assert undo.endswith(
        "aws s3api delete-object --region us-east-1 --bucket bucket-1"
        f" --key {ARCHIVE} --version-id marker"
    )


@pytest.mark.parametrize(("size", "codes"), [(0, set()), (1, {Code.ARCHIVE_DIFFERS})])
def test_an_archive_of_another_size_is_not_the_one(size: int, codes: set[Code]) -> None:
    bucket = healthy()
    bucket.objects = [
        *_without(bucket, ARCHIVE),
        version(ARCHIVE, NOW, size=50_000_000 + size),
    ]
    assert bucket.codes() == codes


def test_an_archive_that_was_overwritten_is_not_the_one_though_it_is_as_large() -> None:
    bucket = healthy()
    bucket.objects = [
        *_without(bucket, ARCHIVE),
        version(ARCHIVE, NEWEST, size=50_000_000, latest=False),
        version(ARCHIVE, NOW, size=50_000_000, version_id="other"),
    ]
    finding = bucket.only(Code.ARCHIVE_DIFFERS)
    assert finding.level is Level.CRITICAL
    assert finding.since == NOW
    assert "overwritten" in finding.fact
    assert any(f"--version-id v-{ARCHIVE} archive.dump" in str(step) for step in finding.advice)


def test_a_bucket_without_versions_is_judged_by_sizes() -> None:
    bucket, archive_key = healthy(days=1), location(NEWEST).archive_key
    assert isinstance(bucket.manifests[0], Manifest)
    archive = bucket.manifests[0].archive
    claims = tuple(each.model_copy(update={"version_id": None}) for each in archive.objects)
    bucket.manifests[0] = bucket.manifests[0].model_copy(
        update={"archive": archive.model_copy(update={"objects": claims})}
    )
    bucket.objects = [
        *_without(bucket, archive_key),
        version(archive_key, NEWEST, size=50_000_000, version_id=None),
    ]
    assert bucket.codes() == set()
    bucket.objects = [
        *_without(bucket, archive_key),
        version(archive_key, NOW, size=1, version_id=None),
    ]
    finding = bucket.only(Code.ARCHIVE_DIFFERS)
    assert not any("--version-id" in str(step) for step in finding.advice)


@pytest.mark.parametrize(
    ("past", "level"),
    [
        (-SECOND, Level.CRITICAL),
        (timedelta(0), None),
        (2 * DAY, None),
        (2 * DAY + SECOND, Level.WARNING),
    ],
)
def test_an_archive_may_go_a_while_before_its_manifest_when_both_expire(
    past: timedelta, level: Level | None
) -> None:
    old = NEWEST - 29 * DAY
    bucket = healthy().add(backup(old))
    bucket.objects = _without(bucket, location(old).archive_key)
    bucket.now = old + 30 * DAY + past
    missing = {
        each.level: each.code
        for each in bucket.findings()
        if each.subject == location(old).archive_key
    }
    expected = Code.ARCHIVE_MISSING if level is Level.CRITICAL else Code.INCOMPLETE_BACKUP
    assert missing == ({} if level is None else {level: expected})
    for finding in bucket.found(Code.ARCHIVE_MISSING):
        assert finding.headline == f"lost archive.dump of {location(old).id}"
        assert finding.limit == "kept until the backup expires"
    for finding in bucket.found(Code.INCOMPLETE_BACKUP):
        assert finding.headline == "has an expired manifest without its archive"
        assert finding.limit == "deleted together with its archive"


def test_a_retention_that_was_shortened_lets_archives_go_too() -> None:
    bucket = healthy().change("retention", daily=healthy().settings.retention.daily)
    old = location(NEWEST - 8 * DAY).archive_key
    bucket.objects = _without(bucket, old)
    assert bucket.only(Code.ARCHIVE_MISSING).subject == old
    shorter = bucket.settings.retention.daily.model_copy(update={"days": 7, "hot_days": 7})
    bucket.change("retention", daily=shorter)
    assert Code.ARCHIVE_MISSING not in bucket.codes()


def test_what_is_kept_forever_never_goes() -> None:
    bucket = healthy()
    old = backup(NEWEST - 3000 * DAY, tier=location(NEWEST).tier)
    forever = old.retention.model_copy(update={"expires": None})
    bucket.add(old.model_copy(update={"retention": forever}))
    daily = bucket.settings.retention.daily.model_copy(update={"days": None})
    bucket.change("retention", daily=daily)
    assert Code.ARCHIVE_MISSING not in bucket.codes()
    bucket.objects = _without(bucket, old.archive.objects[0].key)
    assert bucket.only(Code.ARCHIVE_MISSING).level is Level.CRITICAL


def test_a_manifest_that_cannot_be_read_is_critical_in_its_errors_own_words() -> None:
    error = ManifestError("It is not JSON.", safe="The rest.", todo="Update Lifeboat.")
    bucket = healthy()
    bucket.manifests[3] = Unreadable.of(bucket.manifests[3].key, error)
    finding = bucket.only(Code.MANIFEST_UNREADABLE)
    assert finding.level is Level.CRITICAL
    assert (finding.fact, finding.safe) == ("It is not JSON.", "The rest.")
    assert finding.advice[0].text == "Update Lifeboat."
    assert bucket.codes() == {Code.MANIFEST_UNREADABLE}


@pytest.mark.parametrize(("ahead", "codes"), [(HOUR, set()), (HOUR + SECOND, {Code.CLOCK_SKEW})])
def test_a_backup_may_be_an_hour_ahead_of_the_monitors_clock(
    ahead: timedelta, codes: set[Code]
) -> None:
    early = backup(NOW + ahead - SECOND)  # it shows what is a second after its slot
    bucket = healthy().add(early)
    assert bucket.codes() == codes


def test_a_backup_from_the_future_does_not_count() -> None:
    bucket = healthy(days=1)
    bucket.manifests.clear()
    bucket.add(backup(NEWEST + 400 * DAY))
    assert bucket.only(Code.CLOCK_SKEW).level is Level.WARNING
    assert bucket.only(Code.BACKUP_TOO_OLD).headline == "has no complete backup"


@pytest.mark.parametrize(
    ("deleted", "codes"),
    [
        (NEWEST - DAY + HOUR, {Code.BACKUPS_DELETED}),
        (NOW - 3 * DAY, {Code.BACKUPS_DELETED}),
        (NOW - 3 * DAY - SECOND, set()),
    ],
)
def test_a_backup_that_somebody_deleted_is_reported_for_three_days(
    deleted: object, codes: set[Code]
) -> None:
    bucket = healthy()
    old = bucket.manifests.pop(8)
    bucket.objects = [
        *(each for each in bucket.objects if "/2026-11-17T" not in each.key),  # type: ignore[union-attr]
        marker(old.key, deleted),  # type: ignore[arg-type]
    ]
    assert bucket.codes() == codes
    for finding in bucket.found(Code.BACKUPS_DELETED):
        assert finding.level is Level.CRITICAL
        assert finding.passing
        assert location(NEWEST - 8 * DAY).id in finding.fact


@pytest.mark.parametrize(("early", "count"), [(SECOND, 1), (timedelta(0), 0)])
def test_what_goes_when_its_time_is_over_was_not_deleted_early(
    early: timedelta, count: int
) -> None:
    bucket = healthy()
    old = NOW - HOUR - 30 * DAY
    bucket.objects = [*bucket.objects, marker(location(old).manifest_key, NOW - HOUR - early)]  # type: ignore[misc]
    assert len(bucket.found(Code.BACKUPS_DELETED)) == count


def test_a_manual_backup_that_is_kept_forever_is_never_deleted_in_time() -> None:
    bucket = healthy()
    key = f"manual/app/{location(NEWEST - 900 * DAY).id.rpartition('/')[2]}/manifest.json"
    bucket.objects = [*bucket.objects, marker(key, NOW)]  # type: ignore[misc]
    assert bucket.only(Code.BACKUPS_DELETED).level is Level.CRITICAL


def test_many_deletions_of_a_day_are_one_finding_and_of_two_days_two() -> None:
    bucket = healthy()
    days = [(5, 1), (6, 1), (7, 2)]
    for back, ago in days:
        key = location(NEWEST - back * DAY).manifest_key
        bucket.manifests = [each for each in bucket.manifests if each.key != key]
        bucket.objects = [*_without(bucket, key), marker(key, NOW - ago * DAY)]
    found = bucket.found(Code.BACKUPS_DELETED)
    assert [each.subject for each in found] == ["2026-11-23", "2026-11-24"]
    assert found[1].headline == "had 2 backups deleted too early"
    assert found[1].since == NOW - DAY
    assert f"--key {location(NEWEST - 5 * DAY).manifest_key}" not in found[0].advice[1].command


@pytest.mark.parametrize(("age", "codes"), [(DAY, set()), (DAY + SECOND, {Code.INCOMPLETE_BACKUP})])
def test_an_archive_whose_run_died_is_left_over_after_a_day(
    age: timedelta, codes: set[Code]
) -> None:
    bucket = healthy()
    slot = NEWEST - 20 * DAY
    bucket.objects = [*bucket.objects, version(location(slot).archive_key, NOW - age)]  # type: ignore[misc]
    assert bucket.codes() == codes
    assert all(finding.level is Level.INFO for finding in bucket.findings())


def test_foreign_objects_under_a_databases_prefix_disturb_nobody() -> None:
    bucket = healthy()
    bucket.objects = [*bucket.objects, version("daily/app/notes.txt", NEWEST)]  # type: ignore[misc]
    assert bucket.codes() == set()


def test_an_archive_of_several_objects_is_whole_with_all_of_them() -> None:
    bucket = healthy(days=1)
    newest = bucket.manifests[0]
    assert isinstance(newest, Manifest)
    second = newest.archive.objects[0].model_copy(update={"key": ARCHIVE})
    both = newest.archive.model_copy(update={"objects": (*newest.archive.objects, second)})
    bucket.manifests = [newest.model_copy(update={"archive": both})]
    assert bucket.only(Code.BACKUP_TOO_OLD).headline == "has no complete backup"
    assert bucket.only(Code.ARCHIVE_MISSING).subject == ARCHIVE
    there = version(ARCHIVE, NEWEST, size=second.bytes, version_id=second.version_id)
    bucket.objects = [*bucket.objects, there]  # type: ignore[misc]
    assert not {Code.BACKUP_TOO_OLD, Code.ARCHIVE_MISSING} & bucket.codes()


def test_an_archive_alone_that_was_deleted_is_no_deleted_backup() -> None:
    bucket = healthy()
    old = backup(NEWEST - 12 * DAY)
    bucket.objects = [*bucket.objects, marker(old.location.archive_key, NOW)]  # type: ignore[misc]
    assert Code.BACKUPS_DELETED not in bucket.codes()


def test_a_few_backups_from_the_future_take_nobodys_place() -> None:
    bucket = healthy().change("monitor", history=3)
    bucket.add(*(backup(NEWEST + (300 + day) * DAY) for day in range(5)))
    assert isinstance(bucket.objects, list)
    bucket.objects = [replace(each, modified=min(each.modified, NOW)) for each in bucket.objects]
    bucket.manifests = [
        each for each in bucket.manifests if each.key[-32:] <= location(NEWEST).manifest_key[-32:]
    ]
    assert bucket.codes() == {Code.CLOCK_SKEW}
