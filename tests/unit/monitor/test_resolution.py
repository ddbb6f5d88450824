"""Nobody is told that all is well unless it was seen: each kind of finding, and any facts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.errors import ManifestError
from lifeboat.model.drill_report import DrillReport, Limit, Outcome, Verdict
from lifeboat.model.manifest import Manifest
from lifeboat.monitor.policy.facts import Facts, Unreadable
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
    healthy,
    marker,
    with_row,
)
from tests.unit.monitor.test_evaluate import FACTS, NEAR, TWO

LATER = NOW + HOUR
TUESDAY = NEWEST - DAY + 3 * HOUR
MUCH = {"users": 1000, "events": 5000}
LITTLE = {"users": 10, "events": 50}


def unreadable(key: str) -> Unreadable:
    return Unreadable.of(key, ManifestError("It is not JSON.", todo="Look at it."))


def gone_dark(bucket: SeenBucket) -> None:
    bucket.objects = UNKNOWN


def newest_unreadable(bucket: SeenBucket) -> None:
    bucket.manifests[0] = unreadable(bucket.manifests[0].key)


def reports_unreadable(bucket: SeenBucket) -> None:
    bucket.drills = [unreadable(each.key) for each in bucket.drills]


def newest_report_gone(bucket: SeenBucket) -> None:
    newest = max(bucket.drills, key=lambda each: each.key)
    bucket.drills.remove(newest)


def all_deleted(bucket: SeenBucket) -> None:
    bucket.objects = [marker(each.key, NOW) for each in bucket.manifests]
    bucket.manifests = []


def reports_gone(bucket: SeenBucket) -> None:
    bucket.drills = []


def newest_deleted(bucket: SeenBucket) -> None:
    gone = bucket.manifests.pop(0)
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if each.key != gone.key]


def too_old() -> SeenBucket:
    return healthy().change("monitor", max_age_hours=9)


def shrunk() -> SeenBucket:
    bucket = healthy(days=0).add(backup(NEWEST, tables=LITTLE, size=100))
    return bucket.add(*(backup(NEWEST - day * DAY, tables=MUCH) for day in range(1, 9)))


def still() -> SeenBucket:
    bucket = healthy(days=0).change("monitor", unchanged_days=3)
    return bucket.add(*(backup(NEWEST - day * DAY, lsn="0/1") for day in range(9)))


def slow() -> SeenBucket:
    bucket = healthy(days=0).add(backup(NEWEST, seconds=890)).run_in("function")
    return bucket.add(*(backup(NEWEST - day * DAY, seconds=300) for day in range(1, 9)))


def bulky(small: str = "backup", large: str = "drill") -> SeenBucket:
    return with_row(400_000_000).change(small, memory_mb=1024).change(large, memory_mb=10_240)


def tight(what: str) -> Callable[[], SeenBucket]:
    def make() -> SeenBucket:
        bucket = healthy().run_in("function")
        limit = Limit(what=what, database_bytes=1)
        bucket.drills = [drill(TUESDAY, limits=(limit,)), drill(TUESDAY - DAY)]
        return bucket

    return make


def with_drills(*reports: DrillReport) -> Callable[[], SeenBucket]:
    def make() -> SeenBucket:
        bucket = healthy()
        bucket.drills = [*reports, *bucket.drills]
        return bucket

    return make


def without_archive() -> SeenBucket:
    bucket = healthy()
    assert isinstance(bucket.manifests[0], Manifest)
    key = bucket.manifests[0].location.archive_key
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if each.key != key]
    return bucket


def with_another_archive() -> SeenBucket:
    bucket = healthy()
    assert isinstance(bucket.manifests[0], Manifest)
    key = bucket.manifests[0].location.archive_key
    assert isinstance(bucket.objects, list)
    bucket.objects = [
        replace(each, version_id="another") if each.key == key else each for each in bucket.objects
    ]
    return bucket


def archive_gone(bucket: SeenBucket) -> None:
    assert isinstance(bucket.objects, list)
    bucket.objects = [each for each in bucket.objects if not each.key.endswith("archive.dump")]


def future() -> SeenBucket:
    bucket = healthy()
    late = backup(NEWEST + 30 * DAY)
    bucket.add(late)
    bucket.manifests = [late, *(each for each in bucket.manifests if each.key != late.key)]
    return bucket


def older_program() -> SeenBucket:
    return taken_from(server_version="17.12")


def older_standby() -> SeenBucket:
    return taken_from(standby=True)


def taken_from(**server: object) -> SeenBucket:
    newest = backup(NEWEST)
    source = newest.source.model_copy(update=server)
    bucket = healthy(days=0).add(newest.model_copy(update={"source": source}))
    return bucket.add(*(backup(NEWEST - day * DAY) for day in range(1, 9)))


FAILED = drill(TUESDAY, Verdict.FAILED)
FORGETTING: list[tuple[Code, Callable[[], SeenBucket], Callable[[SeenBucket], None]]] = [
    (Code.BACKUP_TOO_OLD, too_old, gone_dark),
    (Code.BACKUP_TOO_OLD, too_old, all_deleted),
    (Code.DATA_UNCHANGED, still, newest_unreadable),
    (Code.DATA_UNCHANGED, still, newest_deleted),
    (Code.PG_DUMP_OUTDATED, older_program, newest_unreadable),
    (Code.PG_DUMP_OUTDATED, older_program, newest_deleted),
    (Code.STANDBY_OUTDATED, older_standby, newest_unreadable),
    (Code.BACKUP_MEMORY_AT_RISK, bulky, newest_unreadable),
    (Code.DRILL_MEMORY_AT_RISK, lambda: bulky("drill", "backup"), newest_deleted),
    (Code.ROW_COUNT_ANOMALY, shrunk, newest_unreadable),
    (Code.SIZE_ANOMALY, shrunk, newest_deleted),
    (Code.BACKUP_TIMEOUT_AT_RISK, slow, newest_unreadable),
    (Code.BACKUP_TIMEOUT_AT_RISK, slow, newest_deleted),
    *(
        (code, tight(what), lose)
        for code, what in (
            (Code.RTO_AT_RISK, "rto"),
            (Code.DRILL_TIMEOUT_AT_RISK, "time"),
            (Code.DRILL_DISK_AT_RISK, "disk"),
        )
        for lose in (newest_report_gone, reports_unreadable, newest_unreadable)
    ),
    (Code.DRILL_FAILED, with_drills(FAILED), reports_unreadable),
    (Code.DRILL_FAILED, with_drills(FAILED), newest_report_gone),
    (Code.DRILL_FAILED, with_drills(FAILED), reports_gone),
    (
        Code.DRILL_PARTIAL,
        with_drills(drill(TUESDAY, Verdict.PARTIAL, tables=(Outcome.UNTESTED,))),
        newest_report_gone,
    ),
    (Code.RTO_MISSED, with_drills(drill(TUESDAY, seconds=4000)), newest_report_gone),
    (Code.ARCHIVE_MISSING, without_archive, newest_unreadable),
    (Code.ARCHIVE_MISSING, without_archive, newest_deleted),
    (Code.ARCHIVE_DIFFERS, with_another_archive, archive_gone),
    (Code.CLOCK_SKEW, future, newest_unreadable),
    (Code.CLOCK_SKEW, future, newest_deleted),
]


@pytest.mark.parametrize(("code", "sick", "forget"), FORGETTING)
def test_what_can_no_longer_be_seen_is_not_resolved(
    code: Code, sick: Callable[[], SeenBucket], forget: Callable[[SeenBucket], None]
) -> None:
    bucket = sick()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    assert ("new", code) in monitor.told
    forget(bucket)
    assert monitor.look(bucket.facts(), LATER).recoveries == []


def test_a_stale_drill_whose_report_expired_is_not_resolved() -> None:
    bucket = healthy()
    bucket.drills = [drill(NOW - 40 * DAY)]
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    assert ("new", Code.DRILL_TOO_OLD) in monitor.told
    bucket.drills = []
    assert monitor.look(bucket.facts(), LATER).recoveries == []


def test_a_failed_drill_that_nobody_can_read_is_resolved_with_the_next_that_passes() -> None:
    bucket = with_drills(FAILED)()
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    reports_unreadable(bucket)
    monitor.look(bucket.facts(), LATER)
    bucket.drills.append(drill(LATER))
    assert Code.DRILL_FAILED in monitor.look(bucket.facts(), LATER + HOUR).recoveries


def test_a_drill_that_tested_nothing_is_not_made_good_by_one_that_failed() -> None:
    bucket = with_drills(drill(TUESDAY, Verdict.PARTIAL, tables=(Outcome.UNTESTED,)))()
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    bucket.drills.append(drill(NOW, Verdict.FAILED))
    assert monitor.look(bucket.facts(), LATER).recoveries == []


def test_a_target_that_will_be_missed_is_not_right_because_it_is_missed() -> None:
    bucket = tight("rto")()
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    limit = Limit(what="rto", database_bytes=1)
    bucket.drills.append(drill(NOW, seconds=4000, limits=(limit,)))
    bucket.add(backup(NOW))
    assert monitor.look(bucket.facts(), LATER).recoveries == []
    assert monitor.level(Code.RTO_MISSED) is Level.WARNING


def test_rows_that_stay_away_until_they_are_usual_are_not_resolved() -> None:
    bucket = shrunk()
    monitor = Monitor(SETTINGS).look(bucket.facts(), NOW)
    for day in range(1, 9):
        bucket.now = NOW + day * DAY
        bucket.add(backup(NEWEST + day * DAY, tables=LITTLE, size=100))
        assert monitor.look(bucket.facts(), bucket.now).recoveries == []
    assert monitor.level(Code.ROW_COUNT_ANOMALY) is None


def test_drills_that_are_switched_off_make_nothing_right() -> None:
    bucket = healthy()
    bucket.drills = []
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    assert ("new", "no-drill") in monitor.told
    monitor.settings = bucket.change("drill", enabled=False).settings
    assert monitor.look(bucket.facts(), LATER).told == []


def test_a_document_that_is_read_no_more_is_forgotten_and_not_right() -> None:
    bucket = healthy().change("monitor", history=5)
    bucket.manifests[4] = unreadable(bucket.manifests[4].key)
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    assert ("new", "manifest-unreadable") in monitor.told
    bucket.manifests.pop(4)
    bucket.add(backup(NOW))
    assert monitor.look(bucket.facts(), LATER).told == []
    assert monitor.state is not None
    assert monitor.state.notified == ()


RIGHT: list[tuple[Code, Callable[[], SeenBucket], Callable[[SeenBucket], object]]] = [
    (Code.BACKUP_TOO_OLD, too_old, lambda bucket: bucket.add(backup(NOW))),
    (
        Code.DATA_UNCHANGED,
        still,
        lambda bucket: bucket.add(backup(NOW, lsn="0/2")),
    ),
    (Code.PG_DUMP_OUTDATED, older_program, lambda bucket: bucket.add(backup(NOW))),
    (Code.STANDBY_OUTDATED, older_standby, lambda bucket: bucket.add(backup(NOW))),
    (Code.BACKUP_MEMORY_AT_RISK, bulky, lambda bucket: bucket.add(backup(NOW))),
    (
        Code.DRILL_MEMORY_AT_RISK,
        lambda: bulky("drill", "backup"),
        lambda bucket: bucket.add(backup(NOW)),
    ),
    (Code.BACKUP_TIMEOUT_AT_RISK, slow, lambda bucket: bucket.add(backup(NOW, seconds=300))),
    (Code.DRILL_FAILED, with_drills(FAILED), lambda bucket: bucket.drills.append(drill(NOW))),
    (
        Code.DRILL_FAILED,
        with_drills(FAILED),
        lambda bucket: bucket.drills.append(
            drill(NOW, Verdict.PARTIAL, tables=(Outcome.PASSED, Outcome.UNTESTED))
        ),
    ),
    (
        Code.RTO_MISSED,
        with_drills(drill(TUESDAY, seconds=4000)),
        lambda bucket: bucket.drills.append(drill(NOW)),
    ),
]


@pytest.mark.parametrize(("code", "sick", "cure"), RIGHT)
def test_what_was_cured_is_resolved(
    code: Code, sick: Callable[[], SeenBucket], cure: Callable[[SeenBucket], object]
) -> None:
    bucket = sick()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    cure(bucket)
    assert monitor.look(bucket.facts(), LATER).recoveries == [code]


STEADY = (Code.NO_BACKUP, Code.BACKUP_TOO_OLD, Code.NO_DRILL, Code.DRILL_TOO_OLD)
SEVERITY = [None, Level.INFO, Level.WARNING, Level.CRITICAL]
SAME_REASON = {Code.NO_BACKUP: Code.BACKUP_FAILED, Code.BACKUP_TOO_OLD: Code.BACKUP_FAILED}
"""The finding about a failed run, which people are notified of in its place."""


def severity(monitor: Monitor, code: Code) -> int:
    """How severe the worst finding is about what the code is about."""
    return max(SEVERITY.index(monitor.level(each)) for each in (code, SAME_REASON.get(code, code)))


@settings(max_examples=60)
@given(facts=FACTS, now=NEAR, lost=st.booleans())
def test_the_same_bucket_an_hour_later_brings_no_recovery(
    *, facts: Facts, now: datetime, lost: bool
) -> None:
    monitor = Monitor(TWO, lost=lost).look(facts, now)
    before = {code: severity(monitor, code) for code in STEADY}
    assert monitor.look(facts, now + HOUR).recoveries == []
    for code in STEADY:
        assert severity(monitor, code) >= before[code], code


@settings(max_examples=60)
@given(facts=FACTS, now=NEAR, hours=st.lists(st.integers(0, 200), max_size=3))
def test_a_memory_that_is_lost_silences_nothing_and_makes_nothing_right(
    facts: Facts, now: datetime, hours: list[int]
) -> None:
    monitor = Monitor(TWO)
    for each in [0, *sorted(hours)]:
        monitor.look(facts, now + timedelta(hours=each))
    later = now + timedelta(hours=max(hours, default=0) + 1)
    forgetful = monitor.copy(lost=True)
    monitor.look(facts, later)
    forgetful.look(facts, later)
    assert forgetful.recoveries == []
    for code in STEADY:
        assert severity(forgetful, code) >= severity(monitor, code), code
    assert forgetful.look(facts, later + HOUR).recoveries == []


BUCKETS = st.sampled_from(
    [
        *(too_old, shrunk, still, slow, tight("rto"), tight("disk"), with_drills(FAILED)),
        *(future, without_archive, with_another_archive, healthy),
    ]
)


@settings(max_examples=60)
@given(make=BUCKETS, damage=st.data(), hours=st.integers(1, 300))
def test_a_bucket_that_only_gets_worse_is_never_resolved(
    make: Callable[[], SeenBucket], damage: st.DataObject, hours: int
) -> None:
    bucket = make()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    for step in range(2):
        hidden = damage.draw(st.sets(st.integers(0, len(bucket.manifests))), label="unreadable")
        deleted = damage.draw(st.sets(st.integers(0, 40), max_size=3), label="deleted")
        reports = damage.draw(st.sampled_from(["as they are", "unreadable", "gone"]))
        bucket.manifests = [
            unreadable(each.key) if index in hidden else each
            for index, each in enumerate(bucket.manifests)
        ]
        if not isinstance(bucket.objects, list):
            continue
        gone = {each.key for index, each in enumerate(bucket.objects) if index in deleted}
        bucket.objects = [each for each in bucket.objects if each.key not in gone]
        bucket.manifests = [each for each in bucket.manifests if each.key not in gone]
        if reports == "unreadable":
            reports_unreadable(bucket)
        elif reports == "gone":
            bucket.drills = []
        monitor.look(bucket.facts(), NOW + timedelta(hours=hours + step))
        assert monitor.recoveries == []
