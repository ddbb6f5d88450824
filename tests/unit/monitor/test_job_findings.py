"""A job is no missed backup while it has time; one that left no result is found."""

from datetime import datetime, timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.errors import RefusedError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.engine import Engine
from lifeboat.monitor.policy.build_facts import BuildFacts, BuildStatus
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.monitor.policy.resolution import Resolution, resolution_of
from lifeboat.monitor.policy.status import Status, status_of
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    UNKNOWN,
    SeenBucket,
    backup,
    drill,
    empty,
    location,
)

MINUTE = timedelta(minutes=1)
BUILD = "Lifeboat-backup-app-job:1"


def waiting(kind: AttemptKind = AttemptKind.BACKUP, at: datetime = NEWEST) -> Attempt:
    """A run that its function handed over."""
    begun = Attempt(kind=kind, database="app", run_id="r-1", started=at, backup=location(NEWEST).id)
    return begun.handed_over(BUILD, "120 GB take about 31 min", at + MINUTE)


def running(kind: AttemptKind = AttemptKind.BACKUP, hours: float = 12) -> Attempt:
    """A run whose job has begun, and has so many hours."""
    return Attempt(
        kind=kind,
        database="app",
        run_id="r-1",
        started=NEWEST + 5 * MINUTE,
        ends=NEWEST + hours * HOUR,
        backup=location(NEWEST).id,
        engine=Engine.JOB,
        build=BUILD,
        reason="120 GB take about 31 min",
    )


def tonight(attempt: Attempt, after: timedelta, build: BuildFacts | None = None) -> SeenBucket:
    """Backups of yesterday and before; tonight's is a job, seen so long after its time."""
    bucket = empty(drills=[drill(NEWEST - 2 * DAY)], attempts=(attempt,), now=NEWEST + after)
    bucket.builds = {BUILD: build} if build else {}
    return bucket.add(*(backup(NEWEST - day * DAY) for day in range(1, 6)))


def ended(status: BuildStatus, phase: str = "BUILD", why: str = "") -> BuildFacts:
    return BuildFacts(status=status, phase=phase, why=why)


def in_phase(phase: str, since: datetime = NEWEST) -> BuildFacts:
    return BuildFacts(status=BuildStatus.IN_PROGRESS, phase=phase, since=since)


@pytest.mark.parametrize("build", [None, in_phase("BUILD")])
@pytest.mark.parametrize("attempt", [waiting(), running()])
def test_a_backup_that_is_being_taken_by_a_job_is_neither_missed_nor_too_old(
    attempt: Attempt, build: BuildFacts | None
) -> None:
    bucket = tonight(attempt, 6 * HOUR, build)
    assert {each.level for each in bucket.findings()} == {Level.INFO}
    old = bucket.only(Code.BACKUP_TOO_OLD)
    assert "A job takes one since 2026-11-25 02:0" in old.fact
    assert Code.RUN_MISSED not in bucket.codes()
    hours = shown(bucket).unprotected_hours
    assert hours == pytest.approx((attempt.started - (NEWEST - DAY)) / HOUR, abs=0.01)


def test_runs_that_were_due_before_the_job_are_missed_all_the_same() -> None:
    bucket = tonight(running(), 6 * HOUR).schedule("0 1,2 * * ? *")
    last = max(bucket.found(Code.RUN_MISSED), key=lambda each: str(each.since)).fact
    assert "was scheduled for 2026-11-25 01:00 UTC, but" in last


@pytest.mark.parametrize(
    ("attempt", "hours", "words"),
    [
        (waiting(), 8.25, "did not begin within 8 h"),
        (running(), 12, "has had its time"),
    ],
)
def test_a_job_that_codebuild_does_not_know_is_found_when_its_time_is_over(
    attempt: Attempt, hours: float, words: str
) -> None:
    assert Code.BACKUP_FAILED not in tonight(attempt, hours * HOUR + MINUTE).codes()
    bucket = tonight(attempt, hours * HOUR + 3 * MINUTE)
    found = bucket.only(Code.BACKUP_FAILED)
    assert words in found.fact
    assert found.level is Level.CRITICAL
    assert bucket.only(Code.BACKUP_TOO_OLD).level is Level.INFO
    assert (shown(bucket).unprotected_hours or 0) > 24 + hours


@pytest.mark.parametrize(
    ("build", "headline", "fact", "todo"),
    [
        (
            ended(BuildStatus.FAILED, "INSTALL", "YAML_FILE_ERROR: Unknown runtime version 3.13"),
            "whose job did not begin",
            "FAILED in phase INSTALL: YAML_FILE_ERROR: Unknown runtime version 3.13",
            "make deploy",
        ),
        (
            ended(BuildStatus.TIMED_OUT, "QUEUED"),
            "whose job did not begin",
            "TIMED_OUT in phase QUEUED",
            "quota of concurrent builds",
        ),
        (
            ended(BuildStatus.FAILED),
            "ended without a result",
            "FAILED in phase BUILD",
            "job.backup_compute",
        ),
        (
            ended(BuildStatus.TIMED_OUT),
            "ended without a result",
            "TIMED_OUT in phase BUILD",
            "job.timeout_hours",
        ),
        (
            ended(BuildStatus.STOPPED),
            "ended without a result",
            "STOPPED in phase BUILD",
            "StopBuild",
        ),
        (ended(BuildStatus.FAULT), "ended without a result", "FAULT in phase", "Read the end"),
    ],
)
def test_a_build_that_has_ended_is_found_at_once_with_codebuilds_words_and_the_next_step(
    build: BuildFacts, headline: str, fact: str, todo: str
) -> None:
    found = tonight(running(), 10 * MINUTE, build).only(Code.BACKUP_FAILED)
    assert found.level is Level.WARNING
    assert headline in found.headline
    assert fact in found.fact
    assert todo in found.advice[0].text
    assert found.safe == "That run published nothing. Earlier backups are not affected."


def test_a_build_that_succeeded_without_a_record_has_done_its_work() -> None:
    bucket = tonight(running(), 20 * MINUTE, ended(BuildStatus.SUCCEEDED, "COMPLETED"))
    assert Code.BACKUP_FAILED not in bucket.codes()
    assert shown(bucket).databases[0].jobs == ()


def test_a_failure_that_the_job_itself_recorded_is_told_in_its_own_words() -> None:
    error = RefusedError("Out of luck.", todo="Try again.")
    bucket = tonight(running().failed(error, NEWEST + HOUR), 2 * HOUR, ended(BuildStatus.FAILED))
    assert "Out of luck." in bucket.only(Code.BACKUP_FAILED).fact


@pytest.mark.parametrize(
    ("waited", "level"), [(timedelta(hours=1), Level.INFO), (61 * MINUTE, Level.WARNING)]
)
def test_a_job_that_waits_for_a_machine_for_long_is_a_warning(
    waited: timedelta, level: Level
) -> None:
    found = tonight(waiting(), waited, in_phase("QUEUED")).only(Code.JOB_WAITS)
    assert found.level is level
    assert found.subject == "backup"
    assert "quota of concurrent builds" in found.advice[0].text


def test_a_wait_is_over_when_codebuild_says_so_and_not_when_it_says_nothing() -> None:
    bucket = tonight(waiting(), 2 * HOUR, in_phase("QUEUED"))
    found = bucket.only(Code.JOB_WAITS)
    alert = SentAlert(
        database="app",
        code=found.code.value,
        subject=found.subject,
        level=found.level,
        headline=found.headline,
        first_notified=NEWEST,
        last_notified=NEWEST,
        basis=found.basis,
    )

    def ending() -> Resolution:
        return resolution_of(alert, bucket.findings(), bucket.facts(), bucket.settings, bucket.now)

    bucket.builds = UNKNOWN
    assert ending() is Resolution.OPEN
    bucket.builds = {BUILD: in_phase("BUILD")}
    assert ending() is Resolution.RESOLVED


def test_jobs_that_could_not_be_asked_about_are_a_gap() -> None:
    bucket = tonight(waiting(), 2 * HOUR)
    bucket.builds = UNKNOWN
    assert bucket.only(Code.CHECK_INCOMPLETE).subject == "builds"


def test_a_drill_whose_job_died_is_found() -> None:
    bucket = tonight(running(AttemptKind.DRILL), HOUR, ended(BuildStatus.FAILED)).add(
        backup(NEWEST)
    )
    found = bucket.only(Code.DRILL_ERROR)
    assert "job.drill_compute" in found.advice[0].text
    assert bucket.codes() == {Code.DRILL_ERROR}


def restoring(attempt: Attempt, after: timedelta, build: BuildFacts | None = None) -> SeenBucket:
    bucket = tonight(attempt, after, build).add(backup(NEWEST))
    if after > 2 * DAY:
        bucket.change("monitor", max_age_hours=200)
    return bucket


def test_a_restore_whose_job_died_is_found_for_three_days() -> None:
    dead = ended(BuildStatus.STOPPED)
    found = restoring(running(AttemptKind.RESTORE), HOUR, dead).only(Code.RESTORE_FAILED)
    assert found.level is Level.CRITICAL
    assert found.passing
    assert "lifeboat restore app" in str(found.advice[-1])
    assert "job.backup_compute" not in found.advice[0].text
    late = restoring(running(AttemptKind.RESTORE), 3 * DAY + HOUR, dead)
    assert Code.RESTORE_FAILED not in late.codes()


@pytest.mark.parametrize("notified", [True, False])
def test_a_restore_that_failed_is_found_if_it_has_told_nobody(*, notified: bool) -> None:
    error = RefusedError("Out of luck.", todo="Try again.")
    failed = running(AttemptKind.RESTORE).failed(error, NEWEST + HOUR)
    bucket = restoring(failed.as_notified() if notified else failed, 2 * HOUR)
    assert (Code.RESTORE_FAILED in bucket.codes()) is not notified


def test_a_first_backup_may_take_as_long_as_its_job_has() -> None:
    bucket = empty(attempts=(running(),), now=NEWEST + 5 * HOUR, scheduled_since=NEWEST - HOUR)
    assert bucket.only(Code.NO_BACKUP).level is Level.INFO
    assert "A job takes one since" in bucket.only(Code.NO_BACKUP).fact
    bucket.builds = {BUILD: ended(BuildStatus.FAILED)}
    assert "was never backed up" in bucket.only(Code.NO_BACKUP).headline


def shown(bucket: SeenBucket) -> Status:
    facts = bucket.facts()
    return status_of(
        facts, bucket.settings, evaluate(facts, bucket.settings, bucket.now), bucket.now
    )


def test_the_status_says_what_runs_as_a_job_and_what_a_backup_was_taken_in() -> None:
    bucket = tonight(running(), HOUR, in_phase("BUILD"))
    text = shown(bucket).as_text()
    assert "a backup runs as a job since 2026-11-25 02:05 UTC: 120 GB take about 31 min" in text
    bucket.attempts = (waiting(),)
    assert "a backup waits for its job since 2026-11-25 02:00 UTC" in shown(bucket).as_text()
    bucket.attempts = ()
    bucket.add(backup(NEWEST, engine=Engine.JOB))
    status = shown(bucket)
    assert "daily backup by a job" in status.as_text()
    assert status.databases[0].newest_backup
    assert status.databases[0].newest_backup.engine is Engine.JOB


def test_a_build_that_changed_its_state_is_an_event_that_asks_for_a_check() -> None:
    event = {
        "version": "0",
        "detail-type": "CodeBuild Build State Change",
        "source": "aws.codebuild",
        "detail": {"build-status": "FAILED", "project-name": "Lifeboat-backup-app-job"},
    }
    asked = parse_monitor_event(event)
    assert (asked.action, asked.format, asked.is_scheduled) == (None, "json", False)
