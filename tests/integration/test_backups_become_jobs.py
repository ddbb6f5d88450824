"""A backup that doesn't fit into a function is taken by its job: the same backup, once."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.backup import handler
from lifeboat.backup.estimate import read_size
from lifeboat.backup.policy import engine as policy
from lifeboat.errors import TimeLimitError
from lifeboat.model.attempt import AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.model.keys import BackupLocation, parse_id
from lifeboat.model.tiers import Tier
from lifeboat.s3.bucket import BackupBucket
from lifeboat.s3.newest_backup import newest_backup
from local.aws import LocalAws
from tests.support.backup_harness import BackupHarness, but_records
from tests.support.job_harness import PROJECT, JobHarness
from tests.support.slots import LAST_SLOT

TRIED = "lifeboat.backup.retry_backup.take_backup"


@pytest.fixture
def jobs(aws: LocalAws, backups: BackupHarness, monkeypatch: pytest.MonkeyPatch) -> JobHarness:
    return JobHarness(aws, backups, monkeypatch)


@pytest.fixture
def small_functions(jobs: JobHarness, monkeypatch: pytest.MonkeyPatch) -> JobHarness:
    """Functions so slow that no database fits."""
    monkeypatch.setattr(policy, "USUAL_PACE", 1e4)
    monkeypatch.setattr(policy, "SLOWEST_PACE", 1e4)
    return jobs


def test_a_job_that_the_settings_ask_for_starts_before_anything_is_read(jobs: JobHarness) -> None:
    jobs.settings["database"] = {"engine": "job"}
    jobs.backups.secret = "postgres://nobody:x@127.0.0.1:1/nowhere"
    answer = jobs.call({"database": "app", "scheduled": f"{LAST_SLOT:%Y-%m-%dT%H:%M:%SZ}"})
    assert answer == {
        "handed_over": {
            "database": "app",
            "build": f"{PROJECT}:1",
            "project": PROJECT,
            "reason": 'its settings say engine = "job"',
            "expected_seconds": None,
        }
    }
    waits = jobs.record()
    assert (waits.outcome, waits.build) == (AttemptOutcome.HANDED_OVER, f"{PROJECT}:1")
    assert but_records(jobs.bucket.holds()) == []
    assert jobs.told() == []


def test_the_job_takes_the_backup_that_the_function_was_asked_for(jobs: JobHarness) -> None:
    jobs.settings["database"] = {"engine": "job"}
    jobs.call({"database": "app", "label": "before-42"})
    waits = jobs.record()
    answer = jobs.run_build()
    assert answer["backup"] == waits.backup
    assert (answer["label"], answer["created"]) == ("before-42", True)
    location = parse_id(answer["backup"])
    assert location
    manifest = BackupBucket(jobs.bucket.client, jobs.bucket.name).manifest(location)
    assert (manifest.engine, manifest.memory_mb) == (Engine.JOB, 8192)
    assert manifest.run_id == "r-1"
    done = jobs.record()
    assert (done.outcome, done.engine) == (AttemptOutcome.SUCCEEDED, Engine.JOB)
    assert (done.build, done.reason) == (waits.build, waits.reason)
    assert done.ends
    assert done.ends > done.started + timedelta(hours=11)


def test_a_database_that_fits_stays_in_the_function_and_costs_no_look_at_earlier_backups(
    jobs: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeboat.backup.estimate.newest_backup", lambda *_: pytest.fail("asked"))
    assert jobs.call()["created"]
    assert jobs.codebuild.requests == 0
    assert jobs.record().engine is Engine.FUNCTION


def test_a_database_that_does_not_fit_is_handed_over_before_it_is_locked(
    small_functions: JobHarness, caplog: pytest.LogCaptureFixture
) -> None:
    with small_functions.backups.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        job = small_functions.call()["handed_over"]
    assert " take about 12 min, and " in job["reason"]
    assert 200 < job["expected_seconds"] < 300, "its machine has more than the function's one vCPU"
    (line,) = [each for each in caplog.records if each.message == "backup.handed_over"]
    assert vars(line)["build"] == job["build"]
    assert vars(line)["expected_seconds"] == job["expected_seconds"]
    assert small_functions.bucket.open_uploads() == []
    assert small_functions.run_build()["created"]


def test_a_function_that_may_not_hand_over_tries_what_does_not_seem_to_fit(
    small_functions: JobHarness,
) -> None:
    small_functions.settings["database"] = {"engine": "function"}
    assert small_functions.call()["created"]
    assert small_functions.codebuild.requests == 0


def test_a_job_tries_what_does_not_seem_to_fit_and_hands_nothing_over(
    small_functions: JobHarness,
) -> None:
    small_functions.call()
    assert small_functions.run_build()["created"]
    assert len(small_functions.codebuild.builds) == 1


def test_a_run_whose_time_is_over_hands_over_so_that_no_day_is_lost(
    jobs: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = TimeLimitError("The function's time ran out after 855 s, during archive.", todo="-")

    def late(_run: object) -> None:
        raise ended

    with monkeypatch.context() as patch:
        patch.setattr(TRIED, late)
        job = jobs.call()["handed_over"]
    assert job["reason"] == "The function's time ran out after 855 s, during archive"
    assert jobs.told() == []
    assert jobs.run_build()["created"]
    assert jobs.record().outcome is AttemptOutcome.SUCCEEDED


def test_a_run_that_may_become_a_job_ends_early_enough_to_start_it() -> None:
    context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
    alone = handler._seconds_left(context, may_become_job=False)()
    followed = handler._seconds_left(context, may_become_job=True)()
    assert (alone, followed) == (880, 855)
    assert handler._last_seconds(context)() == 892


def test_large_objects_that_take_longer_than_a_function_has_become_a_job(
    jobs: JobHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.backups.database.run("SELECT lo_create(0) FROM generate_series(1, 600)")
    monkeypatch.setattr("lifeboat.backup.large_objects._round_trip", lambda _: 1.0)
    job = jobs.call()["handed_over"]
    assert "600 large objects" in job["reason"]
    assert job["expected_seconds"] == 2400
    assert jobs.run_build()["created"]


def test_sizes_are_of_the_database_and_of_the_tables_whose_rows_are_left_out(
    backups: BackupHarness,
) -> None:
    backups.database.run(
        "CREATE TABLE big (id int, v text) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF big FOR VALUES FROM (0) TO (100000)",
        "INSERT INTO big SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i",
        "CREATE INDEX ON big (v)",
        'CREATE TABLE "Ö" ()',
        "VACUUM ANALYZE",
    )
    of_part = backups.database.value("SELECT pg_table_size('part') + pg_indexes_size('part')")
    with backups.database.connect() as connection:
        nothing = read_size(connection, ())
        big = read_size(connection, ("public.big", "public.nowhere", 'public."Ö"'))
    assert nothing.excluded == 0
    assert (
        nothing.bytes
        == big.bytes
        == backups.database.value("SELECT pg_database_size(current_database())")
    )
    assert 0.9 * of_part < big.excluded <= of_part


def test_the_newest_backup_of_any_tier_shows_the_pace(backups: BackupHarness) -> None:
    bucket = BackupBucket(backups.bucket.client, backups.bucket.name)
    now = datetime.now(UTC)
    assert newest_backup(bucket, "app", now) is None
    old = BackupLocation(Tier.WEEKLY, "app", LAST_SLOT - timedelta(days=20))
    backups.take(location=old)
    assert newest_backup(bucket, "app", now) == bucket.manifest(old)
    by_hand = BackupLocation(Tier.MANUAL, "app", LAST_SLOT - timedelta(hours=1))
    for location in (by_hand, BackupLocation(Tier.DAILY, "app", LAST_SLOT - timedelta(days=2))):
        backups.take(location=location)
    ahead = BackupLocation(Tier.DAILY, "app", LAST_SLOT + timedelta(days=9))
    backups.bucket.client.put_object(
        Bucket=backups.bucket.name, Key=ahead.manifest_key, Body=json.dumps({}).encode()
    )
    assert newest_backup(bucket, "app", now) == bucket.manifest(by_hand)


def test_an_earlier_backup_that_cannot_be_read_is_no_reason_to_fail(
    small_functions: JobHarness, caplog: pytest.LogCaptureFixture
) -> None:
    key = BackupLocation(Tier.DAILY, "app", LAST_SLOT).manifest_key
    small_functions.bucket.client.put_object(
        Bucket=small_functions.bucket.name, Key=key, Body=b"damaged"
    )
    assert small_functions.call()["handed_over"]
    assert "backup.pace_unknown" in {each.message for each in caplog.records}
