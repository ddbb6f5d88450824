from datetime import UTC, datetime

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.drill_report import Limit, Verdict
from lifeboat.model.engine import Engine, EngineChoice
from tests.support.seen_bucket import DAY, HOUR, NEWEST, SeenBucket, backup, drill, empty, healthy

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)
WHATS = {
    "rto": Code.RTO_AT_RISK,
    "time": Code.DRILL_TIMEOUT_AT_RISK,
    "disk": Code.DRILL_DISK_AT_RISK,
}


def _growing(per_day: float, *, days: int = 10, now: float = 500) -> SeenBucket:
    """A bucket whose backups took `now` seconds at last and `per_day` less each day before."""
    bucket = empty(drills=healthy().drills)
    bucket.add(*(backup(NEWEST - n * DAY, seconds=now - n * per_day) for n in range(days)))
    bucket.now = NEWEST.replace(second=1)  # the moment that the newest backup shows
    return bucket.run_in("function")


@pytest.mark.parametrize(
    ("per_day", "codes"), [(400 / 31, set()), (400 / 30, {Code.BACKUP_TIMEOUT_AT_RISK})]
)
def test_a_backup_that_will_take_15_minutes_within_30_days_is_reported(
    per_day: float, codes: set[Code]
) -> None:
    assert _growing(per_day).codes() == codes


def test_the_day_of_the_wall_is_named() -> None:
    finding = _growing(20).only(Code.BACKUP_TIMEOUT_AT_RISK)
    assert finding.level is Level.WARNING
    assert "took 500 s of 900 s" in finding.fact
    assert "in 20 days, about 2026-12-15" in finding.fact
    assert finding.limit == "900 s (backup.timeout_minutes)"


@pytest.mark.parametrize(("days", "codes"), [(4, set()), (5, {Code.BACKUP_TIMEOUT_AT_RISK})])
def test_four_backups_make_no_trend(days: int, codes: set[Code]) -> None:
    assert _growing(100, days=days).codes() == codes


def test_what_gets_quicker_is_no_trouble() -> None:
    assert _growing(-20).codes() == set()


@pytest.mark.parametrize(("seconds", "codes"), [(809, set()), (810, {Code.BACKUP_TIMEOUT_AT_RISK})])
def test_a_backup_near_the_wall_is_reported_without_any_trend(
    seconds: int, codes: set[Code]
) -> None:
    bucket = _growing(0, days=1, now=seconds)
    assert bucket.codes() == codes
    for finding in bucket.findings():
        assert finding.fact.endswith("of 900 s.")


def test_the_wall_is_the_functions_own() -> None:
    bucket = _growing(0, now=60).change("backup", timeout_minutes=1)
    assert bucket.only(Code.BACKUP_TIMEOUT_AT_RISK).fact.endswith("it reaches this limit now.")


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize(("per_day", "found"), [(300 / 31, False), (300 / 30, True)])
def test_a_database_that_outgrows_its_drill_within_30_days_is_reported(
    what: str, per_day: float, *, found: bool
) -> None:
    limit = Limit(what=what, database_bytes=1_000_000)
    bucket = empty(drills=[drill(MONDAY, limits=(limit,))], now=NEWEST.replace(second=1))
    bucket.run_in("function")
    sizes = (1000 * (700 - n * per_day) for n in range(10))
    bucket.add(
        *(backup(NEWEST - n * DAY, database_bytes=round(size)) for n, size in enumerate(sizes))
    )
    assert bucket.codes() == ({WHATS[what]} if found else set())
    assert all(finding.level is Level.WARNING for finding in bucket.findings())


@pytest.mark.parametrize(("size", "codes"), [(999, set()), (1000, {Code.DRILL_DISK_AT_RISK})])
def test_a_limit_that_is_reached_already_needs_no_trend(size: int, codes: set[Code]) -> None:
    limit = Limit(what="disk", database_bytes=1000)
    bucket = empty(drills=[drill(MONDAY, limits=(limit,))]).run_in("function")
    bucket.add(backup(NEWEST, database_bytes=size))
    assert bucket.codes() == codes
    for finding in bucket.findings():
        assert "It has 1.0 kB and reaches it now." in finding.fact


def test_the_newest_drill_that_came_to_its_end_says_where_the_limits_are() -> None:
    limit = Limit(what="time", database_bytes=1)
    bucket = healthy().run_in("function")
    bucket.drills = [
        drill(MONDAY, Verdict.FAILED),
        drill(MONDAY - 7 * DAY, limits=(limit,)),
        drill(MONDAY - 14 * DAY, limits=(Limit(what="disk", database_bytes=1),)),
    ]
    assert bucket.codes() == {Code.DRILL_FAILED, Code.DRILL_TIMEOUT_AT_RISK}


def test_limits_say_nothing_without_a_whole_backup() -> None:
    bucket = healthy().run_in("function")
    bucket.drills = [drill(MONDAY, limits=(Limit(what="time", database_bytes=1),))]
    bucket.manifests.clear()
    assert Code.DRILL_TIMEOUT_AT_RISK not in bucket.codes()


def test_a_target_that_was_missed_leaves_the_other_limits_to_be_reported() -> None:
    limits = tuple(Limit(what=what, database_bytes=1) for what in ("rto", "disk"))
    bucket = healthy().run_in("function")
    bucket.drills = [drill(MONDAY, limits=limits, seconds=3601)]
    assert bucket.codes() == {Code.RTO_MISSED, Code.DRILL_DISK_AT_RISK}
    bucket.drills = [drill(MONDAY, limits=limits, seconds=3600)]
    assert bucket.codes() == {Code.RTO_AT_RISK, Code.DRILL_DISK_AT_RISK}


def test_a_backup_that_outgrows_its_function_is_no_trouble_where_it_becomes_a_job() -> None:
    bucket = _growing(20, now=500).run_in("auto")
    finding = bucket.only(Code.BECOMES_JOB)
    assert bucket.codes() == {Code.BECOMES_JOB}
    assert finding.level is Level.INFO
    assert "took 500 s of 720 s" in finding.fact
    assert "in 11 days, about 2026-12-06" in finding.fact


def test_where_there_are_no_jobs_the_first_advice_is_to_allow_them() -> None:
    finding = _growing(20).only(Code.BACKUP_TIMEOUT_AT_RISK)
    assert 'engine = "auto"' in finding.advice[0].text
    assert "backup.timeout_minutes" in finding.advice[1].text


def test_a_job_has_its_own_time_and_what_functions_took_says_nothing_of_it() -> None:
    bucket = _growing(0, days=10, now=800).run_in("auto")
    jobs = (
        backup(NEWEST - n * HOUR, seconds=43_000 - n * 900, engine=Engine.JOB) for n in range(3)
    )
    bucket.add(*jobs)
    bucket.now = NEWEST + HOUR
    finding = bucket.only(Code.BACKUP_TIMEOUT_AT_RISK)
    assert finding.fact.endswith("took 43,000 s of 43,200 s.")
    assert finding.limit == "43,200 s (job.timeout_hours)"
    assert "job.backup_compute" in finding.advice[0].text
    assert "backup.memory_mb" not in "".join(each.text for each in finding.advice)


def test_what_became_a_job_does_not_seem_to_grow_by_that() -> None:
    bucket = healthy(days=0)
    bucket.add(*(backup(NEWEST - n * DAY, seconds=20_000, engine=Engine.JOB) for n in range(4)))
    bucket.add(*(backup(NEWEST - n * DAY, seconds=100) for n in range(4, 10)))
    assert bucket.codes() == set()


@pytest.mark.parametrize("what", ["time", "disk"])
@pytest.mark.parametrize("choice", ["auto", "job"])
def test_a_drill_that_outgrows_its_function_becomes_a_job(what: str, choice: EngineChoice) -> None:
    bucket = healthy().run_in(choice)
    bucket.drills = [drill(MONDAY, limits=(Limit(what=what, database_bytes=1),))]
    assert bucket.only(Code.BECOMES_JOB).level is Level.INFO
    assert bucket.codes() == {Code.BECOMES_JOB}


def test_a_drill_that_outgrows_its_rto_is_a_warning_wherever_it_runs() -> None:
    bucket = healthy()
    limits = (Limit(what="rto", database_bytes=1),)
    bucket.drills = [drill(MONDAY, limits=limits)]
    assert bucket.only(Code.RTO_AT_RISK).level is Level.WARNING
    bucket.drills = [drill(MONDAY, limits=limits).model_copy(update={"engine": Engine.JOB})]
    assert "job.drill_compute" in bucket.only(Code.RTO_AT_RISK).advice[0].text


@pytest.mark.parametrize(
    ("what", "setting"), [("time", "job.timeout_hours"), ("disk", "job.drill_compute")]
)
def test_a_drill_that_outgrows_its_machine_is_a_warning_with_the_machines_settings(
    what: str, setting: str
) -> None:
    limits = (Limit(what=what, database_bytes=1),)
    by_job = drill(MONDAY, limits=limits).model_copy(update={"engine": Engine.JOB})
    foreseen = drill(MONDAY).model_copy(update={"job_limits": limits})
    for report in (by_job, foreseen):
        bucket = healthy()
        bucket.drills = [report]
        finding = bucket.only(WHATS[what])
        assert finding.level is Level.WARNING
        assert setting in finding.limit
        assert "memory_mb" not in finding.advice[0].text
