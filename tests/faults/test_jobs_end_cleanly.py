"""A backup's job isn't started, waits, dies, or comes twice: no day is lost unseen."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.alerts.policy.findings import Code, Finding
from lifeboat.backup.take_backup import take_backup
from lifeboat.errors import DumpError, JobNotStartedError, LifeboatError
from lifeboat.model.attempt import AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.model.keys import parse_id
from lifeboat.monitor.check_health import CheckInput, check_health
from lifeboat.monitor.policy.build_facts import BuildFacts, BuildStatus
from lifeboat.postgres.cancel_scope import expire_all
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import WatchedDatabase, WatchedSettings
from local.aws import LocalAws
from tests.support import invariants
from tests.support.backup_harness import BackupHarness, but_records
from tests.support.job_harness import PROJECT, CodeBuild, JobHarness, refusal
from tests.support.s3_faults import meanwhile, planned
from tests.support.seen_bucket import HEARD
from tests.support.slots import LAST_SLOT
from tests.support.step_faults import at

BUILD = f"{PROJECT}:1"
FAILED_BEFORE_THE_PROGRAM = BuildFacts(
    status=BuildStatus.FAILED, phase="INSTALL", why="YAML_FILE_ERROR: Unknown runtime version"
)


class KilledError(BaseException):
    """The process is gone: nothing of ours catches that."""


def kill() -> None:
    raise KilledError


@pytest.fixture
def jobs(aws: LocalAws, backups: BackupHarness, monkeypatch: pytest.MonkeyPatch) -> JobHarness:
    harness = JobHarness(aws, backups, monkeypatch)
    harness.settings["database"] = {"engine": "job"}
    return harness


def not_started(jobs: JobHarness) -> LifeboatError:
    """The function fails, says so in its record and to people, and stores nothing."""
    with pytest.raises(JobNotStartedError) as caught:
        jobs.call()
    invariants.told(caught.value)
    attempt = jobs.record()
    assert (attempt.outcome, attempt.notified) == (AttemptOutcome.FAILED, True)
    (subject,) = jobs.told(5)
    assert "app had a failed backup" in subject
    assert but_records(own(jobs)) == []
    return caught.value


def own(jobs: JobHarness) -> list[str]:
    """The keys in the bucket that are of this database."""
    return [key for key in jobs.bucket.holds() if "/elder/" not in key]


def found(
    jobs: JobHarness, after: timedelta, builds: dict[str, BuildFacts] | None = None
) -> list[Finding]:
    """What a check finds about failed backups, so long from now."""
    look = CheckInput(
        settings=WatchedSettings(databases=(WatchedDatabase(name="app"),)),
        stack="Lifeboat",
        account="000000000000",
        bucket=BackupBucket(jobs.bucket.client, jobs.bucket.name),
        channels=(),
        subscribers=lambda: HEARD,
        remaining=lambda: 60.0,
        now=datetime.now(UTC) + after,
        builds=lambda _: builds or {},
    )
    status = check_health(look).status
    return [each for each in status.findings if each.code is Code.BACKUP_FAILED]


@pytest.mark.fault("jobs")
def test_a_job_that_is_throttled_at_first_is_started_once(jobs: JobHarness) -> None:
    jobs.codebuild = CodeBuild([refusal("ThrottlingException")] * 3)
    job = jobs.call()["handed_over"]
    invariants.answered(job)
    assert job["build"] == BUILD
    assert len(jobs.codebuild.builds) == 1
    assert jobs.slept == [2, 5, 10]


@pytest.mark.fault("jobs")
def test_an_account_whose_builds_are_all_in_use_is_named_with_its_quota(jobs: JobHarness) -> None:
    jobs.codebuild = CodeBuild([refusal("AccountLimitExceededException")], for_ever=True)
    assert "quota of concurrent builds" in not_started(jobs).todo
    assert jobs.codebuild.requests == 6


@pytest.mark.fault("jobs")
def test_a_role_that_may_not_start_its_job_is_told_at_once(jobs: JobHarness) -> None:
    jobs.codebuild = CodeBuild([refusal("AccessDeniedException")], for_ever=True)
    assert "codebuild:StartBuild" in not_started(jobs).todo
    assert (jobs.codebuild.requests, jobs.slept) == (1, [])


@pytest.mark.fault("jobs")
@pytest.mark.parametrize("step", ["connect", "snapshot", "archive", "publish"])
def test_a_job_that_is_killed_is_found_and_the_next_run_takes_the_backup(
    jobs: JobHarness, step: str
) -> None:
    event = {"database": "app", "scheduled": f"{LAST_SLOT:%Y-%m-%dT%H:%M:%SZ}"}
    jobs.call(event)
    with at(step, kill), pytest.raises(KilledError):
        jobs.run_build()
    left = jobs.record()
    assert (left.outcome, left.engine, left.build) == (AttemptOutcome.RUNNING, Engine.JOB, BUILD)
    assert found(jobs, timedelta(hours=1)) == []
    (finding,) = found(
        jobs,
        timedelta(minutes=1),
        {BUILD: BuildFacts(status=BuildStatus.STOPPED, phase="BUILD")},
    )
    invariants.answered(finding)
    assert "STOPPED" in finding.fact
    assert "StopBuild" in finding.advice[0].text
    jobs.call(event)
    assert jobs.run_build()["created"]
    assert found(jobs, timedelta(0)) == []


@pytest.mark.fault("jobs")
def test_a_job_that_never_begins_is_found_at_once_or_when_its_time_is_over(
    jobs: JobHarness,
) -> None:
    jobs.call()
    assert found(jobs, timedelta(hours=8)) == []
    (at_once,) = found(jobs, timedelta(minutes=2), {BUILD: FAILED_BEFORE_THE_PROGRAM})
    invariants.answered(at_once)
    assert "Unknown runtime version" in at_once.fact
    (late,) = found(jobs, timedelta(hours=9))
    assert "did not begin within 8 h" in late.fact
    assert "quota" in late.advice[0].text


@pytest.mark.fault("jobs")
def test_time_that_runs_out_in_a_function_is_handed_over_and_leaves_nothing(
    jobs: JobHarness,
) -> None:
    jobs.settings["database"] = {"engine": "auto"}
    with at("archive", expire_all):
        job = jobs.call()["handed_over"]
    invariants.answered(job)
    assert job["reason"].startswith("The function's time ran out after")
    assert jobs.bucket.open_uploads() == []
    assert but_records(own(jobs)) == []
    assert jobs.run_build()["created"]
    assert jobs.record().outcome is AttemptOutcome.SUCCEEDED


@pytest.mark.fault("jobs")
def test_time_that_runs_out_with_no_job_to_be_had_is_a_failure_that_says_both(
    jobs: JobHarness,
) -> None:
    jobs.settings["database"] = {"engine": "auto"}
    jobs.codebuild = CodeBuild([refusal("AccountLimitExceededException")], for_ever=True)
    with at("archive", expire_all):
        error = not_started(jobs)
    assert "time ran out after" in error.what
    assert "AccountLimitExceeded" in error.what


@pytest.mark.fault("jobs")
def test_a_function_and_a_job_for_the_same_time_take_one_backup(jobs: JobHarness) -> None:
    event = {"database": "app", "scheduled": f"{LAST_SLOT:%Y-%m-%dT%H:%M:%SZ}"}
    jobs.call(event)
    location = parse_id(jobs.record().backup or "")
    assert location
    other = jobs.backups.run(location=location, run_id="r-2")
    took: list[Any] = []
    fault = meanwhile(lambda: took.append(take_backup(other)))
    with planned(jobs.bucket.client, "CompleteMultipartUpload", fault, times=1):
        first = take_backup(jobs.backups.run(location=location, engine=Engine.JOB))
    assert (first.created, took[0].created) == (False, True)
    assert first.manifest == took[0].manifest
    assert first.manifest.engine is Engine.FUNCTION
    answer = jobs.run_build()
    invariants.answered(answer)
    assert not answer["created"]
    assert jobs.record().outcome is AttemptOutcome.SUCCEEDED


@pytest.mark.fault("jobs")
def test_a_job_that_is_started_twice_takes_one_backup(jobs: JobHarness) -> None:
    jobs.call()
    first, again = jobs.run_build(), jobs.run_build()
    invariants.answered(again)
    assert (first["created"], again["created"]) == (True, False)
    assert first["sha256"] == again["sha256"]
    assert len([key for key in own(jobs) if key.endswith("manifest.json")]) == 1


@pytest.mark.fault("jobs")
def test_a_dump_that_is_killed_in_a_job_is_advised_a_larger_machine(
    broken: Callable[[str, str], BackupHarness],
) -> None:
    backups = broken("pg_dump", '"$REAL" "$@" | head -c 3000\nkill -9 $$')
    with pytest.raises(DumpError) as caught:
        backups.take(engine=Engine.JOB)
    invariants.told(caught.value)
    assert "job.backup_compute" in caught.value.todo
