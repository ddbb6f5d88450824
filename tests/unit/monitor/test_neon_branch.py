"""Backups that read the database itself, and drills in their own server, for want of a branch."""

from datetime import datetime

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from tests.support.monitor_harness import Monitor
from tests.support.neon_reports import in_neon, said
from tests.support.seen_bucket import HOUR, NEWEST, NOW, SeenBucket, backup, drill, healthy

WHY = "Could not make the branch: Neon answers HTTP 422 BRANCHES_LIMIT_EXCEEDED."


def without_a_branch(why: str | None = WHY, source: str = "branch") -> SeenBucket:
    bucket = in_neon(said(), source=source)
    newest = backup(NEWEST).model_copy(update={"branch_missing": why})
    bucket.manifests[0] = newest
    return bucket


def test_it_is_found_and_says_why() -> None:
    found = without_a_branch().only(Code.NEON_BRANCH)
    assert (found.level, found.database) == (Level.WARNING, "app")
    assert WHY in found.fact
    assert "complete" in found.safe


@pytest.mark.parametrize(
    "bucket",
    [without_a_branch(None), without_a_branch(source="database"), healthy()],
    ids=["a branch was read", "the settings ask for none", "not in Neon"],
)
def test_otherwise_nothing_is_found(bucket: SeenBucket) -> None:
    assert bucket.found(Code.NEON_BRANCH) == []


def test_what_neon_said_stays_on_one_line() -> None:
    found = without_a_branch("no\n\x1b[31mSafe: nothing" + "x" * 900).only(Code.NEON_BRANCH)
    assert found.fact.isprintable()
    assert len(found.fact) < 800


def test_the_next_backup_of_a_branch_resolves_it_and_no_branch_wanted_makes_it_obsolete() -> None:
    bucket = without_a_branch()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    bucket.add(backup(NOW))
    assert monitor.look(bucket.facts(), NOW + HOUR).recoveries == [Code.NEON_BRANCH]
    bucket = without_a_branch()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    database = bucket.settings.databases[0].model_copy(update={"source": "database"})
    bucket.settings = bucket.settings.model_copy(update={"databases": (database,)})
    monitor.settings = bucket.settings
    assert monitor.look(bucket.facts(), NOW + HOUR).recoveries == []


def drilled(
    why: str | None = WHY, target: str = "neon-branch", started: datetime = NEWEST + HOUR
) -> SeenBucket:
    bucket = in_neon(said(), drill_target=target)
    bucket.drills = [drill(started).model_copy(update={"branch_missing": why})]
    return bucket


def test_a_drill_without_a_branch_is_found_and_says_why_and_what_to_type() -> None:
    found = drilled().only(Code.NEON_BRANCH)
    assert (found.level, found.database, found.subject) == (Level.WARNING, "app", "drills")
    assert WHY in found.fact
    assert "complete" in found.safe
    assert "drill app" in str(found.advice)


@pytest.mark.parametrize(
    "bucket",
    [drilled(None), drilled(target="embedded")],
    ids=["it had a branch", "the settings ask for none"],
)
def test_otherwise_nothing_is_found_of_drills(bucket: SeenBucket) -> None:
    assert bucket.found(Code.NEON_BRANCH) == []


def test_the_next_drill_on_a_branch_resolves_it_without_another_backup() -> None:
    bucket = drilled()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    bucket.drills = [drill(NOW + HOUR)]
    assert monitor.look(bucket.facts(), NOW + 2 * HOUR).recoveries == [Code.NEON_BRANCH]


def test_a_drill_that_needs_no_branch_any_more_is_no_recovery() -> None:
    bucket = drilled()
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    bucket = drilled(None, "embedded", NOW + HOUR)
    monitor.settings = bucket.settings
    assert monitor.look(bucket.facts(), NOW + 2 * HOUR).recoveries == []
