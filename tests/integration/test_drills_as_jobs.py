"""A drill that doesn't fit into a function runs as a job: same run, same backup, same report."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lifeboat.model.attempt import AttemptOutcome
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.engine import MACHINES, Engine
from local.aws import LocalAws
from tests.support.backup_harness import TARGET_ARN, Database, assert_no_children
from tests.support.drill_harness import DrillHarness, databases
from tests.support.jobs import Work

PROJECT = "Lifeboat-drill-app-job"
LARGE = MACHINES["arm64"]["large"]


@pytest.fixture
def work(drills: DrillHarness, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Work:
    """The drill function, with one backup in the bucket."""
    drills.backups.database.run("CREATE TABLE t AS SELECT i FROM generate_series(1, 30) i")
    drills.backups.take()
    made = Work(
        "drill", drills.backups, drills.programs, aws, monkeypatch, function="Lifeboat-drill-app"
    )
    made.deploy()
    return made


def report_of(work: Work) -> DrillReport:
    (key,) = [
        key
        for key in work.backups.bucket.holds()
        if key.startswith("drills/") and key.endswith(".json")
    ]
    return DrillReport.from_json(work.backups.bucket.read(key), key=key)


def test_a_drill_with_engine_job_is_handed_over_and_held_by_the_build(work: Work) -> None:
    work.engine = "job"
    answer = work.invoke({"database": "app", "backup": "random"})
    backup = work.backups.location.id
    assert answer == {
        "handed_over": {
            "database": "app",
            "build": f"{PROJECT}:1",
            "project": PROJECT,
            "reason": 'The settings have engine = "job" for app.',
            "expected_seconds": 10,
        }
    }
    assert work.codebuild.event == {"database": "app", "backup": backup, "target": "embedded"}
    attempt = work.attempt()
    assert (attempt.outcome, attempt.build) == (AttemptOutcome.HANDED_OVER, f"{PROJECT}:1")
    assert not [key for key in work.backups.bucket.holds() if key.startswith("drills/")]

    code, answer = work.build()
    assert code == 0
    assert (answer["verdict"], answer["backup"]) == ("proven", backup)
    report = report_of(work)
    assert (report.engine, report.run_id) == (Engine.JOB, "r-1")
    assert (report.memory_mb, report.ephemeral_mb) == (16_384, LARGE.disk_mb)
    assert report.jobs == LARGE.cpus
    assert report.waited_seconds is not None
    assert report.waited_seconds >= 69  # the start is a whole second
    assert report.total_seconds < report.waited_seconds
    assert report.job_limits == ()
    attempt = work.attempt()
    assert (attempt.outcome, attempt.engine) == (AttemptOutcome.SUCCEEDED, Engine.JOB)
    assert (attempt.run_id, attempt.build) == ("r-1", f"{PROJECT}:1")
    assert_no_children()


def test_what_does_not_fit_is_handed_over_before_anything_is_fetched(
    work: Work, drills: DrillHarness
) -> None:
    source = drills.backups.manifest().source.model_dump(mode="json")
    drills.rewrite(source={**source, "bytes": 900_000_000})
    work.settings = {"drill": {"ephemeral_mb": 512}}
    answer = work.invoke({"database": "app"})["handed_over"]
    assert "does not fit into the function: it needs 1.0 GB of /tmp" in answer["reason"]
    assert work.codebuild.event["backup"] == work.backups.location.id
    code, answer = work.build()
    assert (code, answer["verdict"]) == (0, "proven")


def test_what_fits_stays_and_tells_the_limits_of_both(work: Work) -> None:
    assert work.invoke({"database": "app"})["verdict"] == "proven"
    assert work.codebuild.requests == []
    report = report_of(work)
    assert (report.engine, report.waited_seconds) == (Engine.FUNCTION, None)
    assert [limit.what for limit in report.limits] == ["rto", "time", "disk"]
    assert [limit.what for limit in report.job_limits] == ["time", "disk"]
    small = {limit.what: limit.database_bytes for limit in report.limits}
    for limit in report.job_limits:
        assert limit.database_bytes > small[limit.what]
    assert work.attempt().engine is Engine.FUNCTION


def test_a_job_drops_what_killed_jobs_left_and_nothing_that_may_still_run(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    drills.backups.database.run("CREATE TABLE t (a int)")
    drills.backups.take()
    target = new_database()
    drills.give_target(target)
    drills.forget_endpoint()
    comments = {
        Engine.FUNCTION: "A restore drill of Lifeboat; it is dropped when the drill is over.",
        Engine.JOB: "A restore drill of Lifeboat, in a job; it is dropped when the drill is over.",
    }
    started = drills.run().started + timedelta(minutes=1)
    kept, names = set(), databases(target)
    with target.server.admin() as admin:
        for engine, hours, stays in (
            (Engine.FUNCTION, 2, False),
            (Engine.JOB, 2, True),
            (Engine.JOB, 35, True),
            (Engine.JOB, 38, False),
        ):
            moment = started - timedelta(hours=hours)
            name = f"lifeboat_drill_{moment:%Y%m%dt%H%M%Sz}_{engine}"
            admin.execute(f'CREATE DATABASE "{name}"')
            admin.execute(f"COMMENT ON DATABASE \"{name}\" IS '{comments[engine]}'")
            if stays:
                kept.add(name)
    try:
        report = drills.hold(target=TARGET_ARN)
        assert report.verdict is Verdict.PROVEN
        assert set(databases(target)) == {*names, *kept}
    finally:
        with target.server.admin() as admin:
            for name in kept:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}"')


def test_a_run_can_not_be_handed_over_twice(work: Work) -> None:
    """A job that could hand over would start builds for ever."""
    work.engine = "job"
    work.invoke({"database": "app"})
    code, answer = work.build(LIFEBOAT_JOB_PROJECT=PROJECT)
    assert (code, answer["verdict"]) == (0, "proven")
    assert len(work.codebuild.requests) == 1
