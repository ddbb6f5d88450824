from datetime import UTC, datetime

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.drill_report import Limit, Verdict
from tests.support.vaults import DAY, NEWEST, Vault, backup, drill, empty, healthy

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)
WHATS = {
    "rto": Code.RTO_AT_RISK,
    "time": Code.DRILL_TIMEOUT_AT_RISK,
    "disk": Code.DRILL_DISK_AT_RISK,
}


def _growing(per_day: float, *, days: int = 10, now: float = 500) -> Vault:
    """A vault whose backups took `now` seconds at last and `per_day` less each day before."""
    vault = empty(drills=healthy().drills)
    vault.add(*(backup(NEWEST - n * DAY, seconds=now - n * per_day) for n in range(days)))
    vault.now = NEWEST.replace(second=1)  # the moment that the newest backup shows
    return vault


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
    vault = _growing(0, days=1, now=seconds)
    assert vault.codes() == codes
    for finding in vault.findings():
        assert finding.fact.endswith("of 900 s.")


def test_the_wall_is_the_functions_own() -> None:
    vault = _growing(0, now=60).change("backup", timeout_minutes=1)
    assert vault.only(Code.BACKUP_TIMEOUT_AT_RISK).fact.endswith("it reaches this limit now.")


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize(("per_day", "found"), [(300 / 31, False), (300 / 30, True)])
def test_a_database_that_outgrows_its_drill_within_30_days_is_reported(
    what: str, per_day: float, *, found: bool
) -> None:
    limit = Limit(what=what, database_bytes=1_000_000)
    vault = empty(drills=[drill(MONDAY, limits=(limit,))], now=NEWEST.replace(second=1))
    sizes = (1000 * (700 - n * per_day) for n in range(10))
    vault.add(
        *(backup(NEWEST - n * DAY, database_bytes=round(size)) for n, size in enumerate(sizes))
    )
    assert vault.codes() == ({WHATS[what]} if found else set())
    assert all(finding.level is Level.WARNING for finding in vault.findings())


@pytest.mark.parametrize(("size", "codes"), [(999, set()), (1000, {Code.DRILL_DISK_AT_RISK})])
def test_a_limit_that_is_reached_already_needs_no_trend(size: int, codes: set[Code]) -> None:
    limit = Limit(what="disk", database_bytes=1000)
    vault = empty(drills=[drill(MONDAY, limits=(limit,))])
    vault.add(backup(NEWEST, database_bytes=size))
    assert vault.codes() == codes
    for finding in vault.findings():
        assert "It has 1.0 kB and reaches it now." in finding.fact


def test_the_newest_drill_that_came_to_its_end_says_where_the_limits_are() -> None:
    limit = Limit(what="time", database_bytes=1)
    vault = healthy()
    vault.drills = [
        drill(MONDAY, Verdict.FAILED),
        drill(MONDAY - 7 * DAY, limits=(limit,)),
        drill(MONDAY - 14 * DAY, limits=(Limit(what="disk", database_bytes=1),)),
    ]
    assert vault.codes() == {Code.DRILL_FAILED, Code.DRILL_TIMEOUT_AT_RISK}


def test_limits_say_nothing_without_a_whole_backup() -> None:
    vault = healthy()
    vault.drills = [drill(MONDAY, limits=(Limit(what="time", database_bytes=1),))]
    vault.manifests.clear()
    assert Code.DRILL_TIMEOUT_AT_RISK not in vault.codes()


def test_a_target_that_was_missed_leaves_the_other_limits_to_be_reported() -> None:
    limits = tuple(Limit(what=what, database_bytes=1) for what in ("rto", "disk"))
    vault = healthy()
    vault.drills = [drill(MONDAY, limits=limits, seconds=3601)]
    assert vault.codes() == {Code.RTO_MISSED, Code.DRILL_DISK_AT_RISK}
    vault.drills = [drill(MONDAY, limits=limits, seconds=3600)]
    assert vault.codes() == {Code.RTO_AT_RISK, Code.DRILL_DISK_AT_RISK}
