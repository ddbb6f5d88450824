from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.errors import ReportError
from lifeboat.model.drill_report import Limit, Outcome, Verdict
from lifeboat.model.engine import Engine
from lifeboat.monitor.policy.facts import Unreadable
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SECOND,
    SeenBucket,
    backup,
    drill,
    empty,
    healthy,
    location,
)

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)
FIRST = datetime(2026, 11, 22, 2, tzinfo=UTC)


def _undrilled(now: datetime) -> SeenBucket:
    """A bucket with its first backup on the Sunday before the first drill's Monday."""
    return empty(now=now).add(backup(FIRST)).change("monitor", max_age_hours=1000)


@pytest.mark.parametrize(
    ("now", "level"), [(MONDAY + HOUR, Level.INFO), (MONDAY + HOUR + SECOND, Level.WARNING)]
)
def test_the_first_drill_has_an_hour_after_the_slot_that_follows_the_first_backup(
    now: datetime, level: Level
) -> None:
    finding = _undrilled(now).only(Code.NO_DRILL)
    assert finding.level is level
    late = level is Level.WARNING
    assert finding.headline == ("was never drilled" if late else "waits for its first drill")


def test_a_first_drill_that_is_still_to_come_is_reported_as_such() -> None:
    to_come = _undrilled(MONDAY - HOUR).only(Code.NO_DRILL)
    assert "the first drill is due at 2026-11-23 05:00 UTC" in to_come.fact
    assert to_come.since is None
    late = _undrilled(MONDAY + DAY).only(Code.NO_DRILL)
    assert "the first drill was due at 2026-11-23 05:00 UTC" in late.fact
    assert late.since == MONDAY


def test_a_schedule_that_is_new_moves_no_drill_that_was_due() -> None:
    bucket = _undrilled(MONDAY + DAY)
    bucket.scheduled_since = MONDAY + HOUR
    assert bucket.only(Code.NO_DRILL).level is Level.WARNING


def test_drills_whose_schedule_never_fires_never_come() -> None:
    bucket = _undrilled(MONDAY).change("drill", cron="0 5 1 1 ? 2025")
    finding = bucket.only(Code.NO_DRILL)
    assert finding.level is Level.WARNING
    assert "the schedule never runs" in finding.fact


def test_without_a_backup_nobody_misses_a_drill() -> None:
    assert Code.NO_DRILL not in empty(now=NOW).codes()


def test_drills_that_are_switched_off_are_said_to_be() -> None:
    bucket = _undrilled(MONDAY + DAY).change("drill", enabled=False)
    assert bucket.only(Code.DRILLS_DISABLED).level is Level.INFO
    assert not {Code.NO_DRILL, Code.DRILL_TOO_OLD} & bucket.codes()


@pytest.mark.parametrize(
    ("age", "codes"), [(35 * DAY, set()), (35 * DAY + SECOND, {Code.DRILL_TOO_OLD})]
)
def test_a_drill_may_be_35_days_old(age: timedelta, codes: set[Code]) -> None:
    bucket = healthy()
    bucket.drills = [drill(NOW - age), drill(NOW - age - DAY)]
    assert bucket.codes() == codes
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        assert finding.headline == "had no drill for 35 days"


def test_a_drill_from_the_future_proves_nothing() -> None:
    bucket = healthy()
    bucket.drills = [drill(NOW + HOUR + SECOND)]
    assert bucket.only(Code.NO_DRILL).level is Level.WARNING
    bucket.drills = [drill(NOW + HOUR)]
    assert bucket.codes() == set()


def test_a_failed_drill_is_critical_and_says_why_and_what_else_is_proven() -> None:
    bucket = healthy()
    bucket.drills.append(drill(NEWEST + HOUR, Verdict.FAILED, backup=NEWEST))
    bucket.drills.append(drill(MONDAY - 7 * DAY, backup=NEWEST - 9 * DAY))
    bucket.drills.append(drill(MONDAY, backup=NEWEST))  # the same backup: no consolation
    finding = bucket.only(Code.DRILL_FAILED)
    assert finding.level is Level.CRITICAL
    assert finding.headline == "failed its drill"
    assert "public.users: 7 rows instead of 8" in finding.fact
    assert f"{location(NEWEST - 9 * DAY).id} was proven on 2026-11-16" in finding.safe
    assert finding.advice[0].text == "Look at the log."
    assert any("drills/app/2026-11-25T030000Z.json" in str(step) for step in finding.advice)


def test_a_drill_that_failed_before_the_newest_is_history() -> None:
    bucket = healthy()
    bucket.drills.append(drill(MONDAY - 7 * DAY, Verdict.FAILED))
    assert bucket.codes() == set()


def test_where_nothing_is_proven_that_is_said() -> None:
    bucket = healthy()
    report = drill(NEWEST, Verdict.FAILED).model_copy(
        update={"advice": None, "reasons": (), "backup": None}
    )
    bucket.drills = [report]
    finding = bucket.only(Code.DRILL_FAILED)
    assert "None of the checked drills proved another" in finding.safe
    assert "with no backup into embedded: no reason given" in finding.fact


@pytest.mark.parametrize(
    ("tables", "level"),
    [
        ((Outcome.PASSED, Outcome.UNTESTED), Level.INFO),
        ((Outcome.UNTESTED,), Level.WARNING),
        ((), Level.WARNING),
    ],
)
def test_a_partial_drill_is_no_alarm_unless_it_tested_not_one_table(
    tables: tuple[Outcome, ...], level: Level
) -> None:
    bucket = healthy()
    bucket.drills = [drill(MONDAY, Verdict.PARTIAL, tables=tables)]
    finding = bucket.only(Code.DRILL_PARTIAL)
    assert finding.level is level
    assert finding.headline == "was proven only in part"


def test_a_report_that_cannot_be_read_is_reported() -> None:
    bucket = healthy()
    error = ReportError("It is not JSON.", todo="Update Lifeboat.")
    bucket.drills.append(Unreadable.of("drills/app/2026-11-24T050000Z.json", error))
    finding = bucket.only(Code.DRILL_REPORT_UNREADABLE)
    assert finding.level is Level.WARNING
    assert bucket.codes() == {Code.DRILL_REPORT_UNREADABLE}


@pytest.mark.parametrize(("seconds", "codes"), [(3600, set()), (3600.1, {Code.RTO_MISSED})])
def test_a_drill_may_take_as_long_as_its_target(seconds: float, codes: set[Code]) -> None:
    bucket = healthy()
    limit = Limit(what="rto", database_bytes=1)
    bucket.drills = [drill(MONDAY, seconds=seconds, limits=(limit,) if codes else ())]
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        assert finding.limit == "60 min (drill.rto_minutes)"
    assert bucket.codes() == codes  # nor is what was missed announced as well


def test_a_slow_job_gets_a_larger_machine_and_a_slow_function_more_memory() -> None:
    bucket = healthy()
    slow = drill(MONDAY, seconds=3700)
    for engine, setting in ((Engine.FUNCTION, "drill.memory_mb"), (Engine.JOB, "drill_compute")):
        bucket.drills = [slow.model_copy(update={"engine": engine})]
        assert setting in bucket.only(Code.RTO_MISSED).advice[0].text


def test_how_long_a_failed_drill_took_says_nothing() -> None:
    bucket = healthy()
    bucket.drills = [drill(MONDAY, Verdict.FAILED, seconds=7200)]
    assert bucket.codes() == {Code.DRILL_FAILED}
