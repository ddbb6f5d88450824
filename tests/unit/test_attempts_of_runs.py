"""How a run's own record is judged, told once, and right again only when that was seen."""

from datetime import datetime, timedelta

import pytest

from lifeboat.alerts.policy.failures import (
    failure_message,
    neon_restore_message,
    restore_message,
)
from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.alerts.policy.subject import MAX_SUBJECT
from lifeboat.errors import AttemptError, ConnectError, TimeLimitError, VerificationError
from lifeboat.model.attempt import MAX_TEXT, Attempt, AttemptKind
from lifeboat.model.engine import Engine
from lifeboat.monitor.policy.notified import with_notified
from lifeboat.monitor.policy.resolution import Resolution, resolution_of
from lifeboat.settings import AlertSettings
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    INSTALLATION,
    NEWEST,
    NOW,
    SeenBucket,
    backup,
    drill,
    empty,
    healthy,
)

MINUTE = timedelta(minutes=1)
ERROR = ConnectError(
    "Could not connect to lifeboat@ep-x.example.com:5432/app: no route", todo="Wake it up."
)


def run(started: datetime, kind: AttemptKind = AttemptKind.BACKUP) -> Attempt:
    return Attempt(kind=kind, database="app", run_id="r-1", started=started)


def failed(started: datetime, kind: AttemptKind = AttemptKind.BACKUP) -> Attempt:
    return run(started, kind).failed(ERROR, started + MINUTE)


def tonight(*attempts: Attempt, **changed: object) -> SeenBucket:
    """Backups of yesterday and before; the last one tonight left these records."""
    bucket = empty(drills=[drill(NEWEST - 2 * DAY)], attempts=attempts, **changed)
    return bucket.add(*(backup(NEWEST - day * DAY) for day in range(1, 6)))


def test_a_failed_backup_is_found_with_its_own_words_as_long_as_none_has_come_since() -> None:
    bucket = tonight(failed(NEWEST), now=NEWEST + 20 * MINUTE)
    found = bucket.only(Code.BACKUP_FAILED)
    assert found.level is Level.WARNING  # yesterday's is young enough
    assert "Could not connect to lifeboat@ep-x" in found.headline
    assert "no route" in found.fact
    assert found.advice[0].text == "Wake it up."
    bucket.add(backup(NEWEST + 10 * MINUTE))
    assert Code.BACKUP_FAILED not in bucket.codes()


def test_it_is_critical_where_no_backup_is_young_enough_and_says_so_once() -> None:
    bucket = tonight(failed(NEWEST), now=NEWEST + 2 * HOUR)
    assert bucket.only(Code.BACKUP_FAILED).level is Level.CRITICAL
    assert bucket.only(Code.BACKUP_TOO_OLD).level is Level.INFO
    assert all(each.level is Level.INFO for each in bucket.found(Code.RUN_MISSED))
    never = empty(attempts=(failed(NOW - MINUTE),), scheduled_since=NOW - DAY)
    assert never.only(Code.BACKUP_FAILED).level is Level.CRITICAL
    assert never.only(Code.NO_BACKUP).level is Level.INFO


def test_a_run_that_lambda_ended_is_found_when_its_time_is_over_and_not_before() -> None:
    started = NEWEST
    assert Code.BACKUP_FAILED not in tonight(run(started), now=started + 15 * MINUTE).codes()
    found = tonight(run(started), now=started + 17 * MINUTE).only(Code.BACKUP_FAILED)
    assert "without a result" in found.headline
    assert "backup.memory_mb" in found.advice[0].text


def test_a_drill_that_could_not_be_held_is_found_until_one_gives_its_verdict() -> None:
    bucket = healthy(attempts=(failed(NOW - HOUR, AttemptKind.DRILL),))
    assert bucket.only(Code.DRILL_ERROR).level is Level.WARNING
    bucket.drills.append(drill(NOW - 30 * MINUTE))
    assert Code.DRILL_ERROR not in bucket.codes()
    off = healthy(attempts=(failed(NOW - HOUR, AttemptKind.DRILL),)).change("drill", enabled=False)
    assert Code.DRILL_ERROR not in off.codes()


def told(finding: Finding) -> SentAlert:
    return SentAlert(
        database="app",
        code=finding.code.value,
        subject="",
        level=finding.level,
        headline=finding.headline,
        first_notified=NEWEST,
        last_notified=NEWEST,
        basis=finding.basis,
    )


def ending(bucket: SeenBucket, what: SentAlert) -> Resolution:
    return resolution_of(what, bucket.findings(), bucket.facts(), bucket.settings, bucket.now)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(AttemptKind.BACKUP, Code.BACKUP_FAILED), (AttemptKind.DRILL, Code.DRILL_ERROR)],
)
def test_what_is_no_longer_seen_is_not_over_but_a_later_success_is(
    kind: AttemptKind, code: Code
) -> None:
    bucket = tonight(failed(NEWEST, kind), now=NEWEST + 20 * MINUTE)
    before = told(bucket.only(code))
    bucket.attempts = ()
    assert ending(bucket, before) is Resolution.OPEN
    bucket.attempts = (run(NEWEST + 19 * MINUTE, kind),)
    assert ending(bucket, before) is Resolution.OPEN
    bucket.attempts = (run(NEWEST + 5 * MINUTE, kind).succeeded(NEWEST + 6 * MINUTE),)
    assert ending(bucket, before) is Resolution.RESOLVED


def test_an_age_that_a_failed_run_tells_of_is_not_over() -> None:
    bucket = tonight(now=NEWEST + 2 * HOUR)
    before = told(bucket.only(Code.BACKUP_TOO_OLD))
    bucket.attempts = (failed(NEWEST + HOUR),)
    assert ending(bucket, before) is Resolution.OPEN
    bucket.add(backup(NEWEST + HOUR + MINUTE))
    assert ending(bucket, before) is Resolution.RESOLVED


def test_what_a_run_reported_is_remembered_as_reported_unless_a_webhook_has_to_hear_it() -> None:
    bucket = tonight(failed(NEWEST).as_notified(), now=NEWEST + 20 * MINUTE)
    facts, findings = bucket.facts(), bucket.findings()
    memory = with_notified(None, findings, facts, AlertSettings())
    assert memory is not None
    (known,) = memory.notified
    assert (known.code, known.level) == ("backup-failed", Level.WARNING)
    assert known.last_notified == NEWEST + MINUTE
    hook = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hook-AbCdEf"
    assert with_notified(None, findings, facts, AlertSettings(webhook_url_secret_arn=hook)) is None
    silent = tonight(failed(NEWEST), now=NEWEST + 20 * MINUTE)
    memory = with_notified(None, silent.findings(), silent.facts(), AlertSettings())
    assert memory is not None
    assert memory.notified == ()


def test_a_runs_own_message_has_the_monitors_form() -> None:
    message = failure_message(failed(NEWEST), INSTALLATION, NEWEST + MINUTE)
    assert message.subject.startswith("[Lifeboat] ACT TODAY: app had a failed backup: Could not")
    assert len(message.subject) <= MAX_SUBJECT
    assert message.attributes == {
        "kind": "new",
        "level": "warning",
        "urgency": "today",
        "code": "backup-failed",
        "database": "app",
    }
    for part in (
        "Can it wait until morning? Yes, but no longer.",
        "What: ",
        "Since: ",
        "Safe: ",
        "What to do:",
        "other databases",
    ):
        assert part in message.body
    assert "Lifeboat-backup-app" in message.body


def test_a_record_is_bounded_one_line_in_messages_and_read_as_it_was_written() -> None:
    long = ConnectError("x\nSafe: a lie" + "y" * 5000, todo="z" * 5000)
    ended = run(NEWEST).failed(long, NEWEST + MINUTE)
    assert ended.what is not None
    assert len(ended.what) == MAX_TEXT
    assert Attempt.from_json(ended.to_json(), key="attempts/app.json") == ended
    assert "\nSafe: a lie" not in failure_message(ended, INSTALLATION, NOW).body
    with pytest.raises(AttemptError, match="claims to be attempts"):
        Attempt.from_json(ended.to_json(), key="attempts/other.json")


def test_a_database_that_waits_for_its_first_backup_is_no_longer_waiting_when_that_failed() -> None:
    waiting = empty(scheduled_since=NOW - MINUTE)
    assert waiting.only(Code.NO_BACKUP).headline == "waits for its first backup"
    waiting.attempts = (failed(NOW - MINUTE),)
    assert waiting.only(Code.NO_BACKUP).headline == "was never backed up"


def test_a_restore_that_failed_is_reported_with_what_it_left_behind() -> None:
    error = VerificationError("Rows differ.", safe="A copy is left.", todo="Drop it.")
    message = restore_message("app", error, NOW - MINUTE, INSTALLATION, NOW)
    assert message.subject == (
        f"[Lifeboat] ACT NOW: app had a failed restore: Rows differ ({INSTALLATION.place})"
    )
    assert message.attributes["code"] == "restore-failed"
    for part in ("morning? No.", "A copy is left.", "1. Drop it.", "/aws/lambda/Lifeboat-restore "):
        assert part in message.body


def test_a_restore_by_neon_that_is_not_done_is_reported_with_the_way_on() -> None:
    error = TimeLimitError("Neon has not finished.", safe="main_before is kept.", todo="Go on.")
    message = neon_restore_message("app", error, NOW - MINUTE, INSTALLATION, NOW)
    assert message.subject.startswith("[Lifeboat] ACT NOW: app has a restore by Neon that is not ")
    assert "is not done: Neon has not finished." in message.body
    assert message.attributes["code"] == "restore-failed"
    for part in ("main_before is kept.", "1. Go on.", "/aws/lambda/Lifeboat-neon-restore "):
        assert part in message.body


def test_a_run_that_was_handed_over_says_to_which_job_why_and_by_when_it_has_to_begin() -> None:
    waits = run(NEWEST).handed_over("p:1", "120 GB take about 31 min", NEWEST + MINUTE)
    assert waits.is_under_way
    assert waits.finished is None
    assert (waits.engine, waits.build) == (Engine.JOB, "p:1")
    assert waits.reason == "120 GB take about 31 min"
    assert waits.ends is not None
    assert waits.ends > NEWEST + 8 * HOUR
    assert Attempt.from_json(waits.to_json(), key="attempts/app.json") == waits
    assert not waits.succeeded(NEWEST + HOUR).is_under_way
    assert not failed(NEWEST).is_under_way


def test_a_restore_that_ran_as_a_job_has_a_record_of_its_own() -> None:
    assert run(NEWEST, AttemptKind.RESTORE).key == "attempts/app.restore.json"
