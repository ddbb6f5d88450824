"""A drill that needs a job gets one, or says that it got none; the function leaves nothing."""

from collections.abc import Callable

import pytest

from lifeboat.drill.drill import drill
from lifeboat.drill.run import DrillRun
from lifeboat.errors import JobNotStartedError, LifeboatError
from lifeboat.model.hand_over import HandOver
from tests.support import invariants
from tests.support.backup_harness import TARGET_ARN, Database, assert_no_children
from tests.support.drill_harness import DrillHarness, databases
from tests.support.jobs import CodeBuild, refusal
from tests.support.step_faults import DRILL, Clock, at, by

PROJECT = "Lifeboat-drill-app-job"
BUSY = "AccountLimitExceededException"


@pytest.fixture
def codebuild(drills: DrillHarness, clock: Clock) -> CodeBuild:
    drills.backups.database.run("CREATE TABLE t AS SELECT i FROM generate_series(1, 30) i")
    drills.backups.take()
    aws = CodeBuild()
    by(drills, remaining=clock.remaining, starter=aws.starter(PROJECT))
    return aws


def moved(run: DrillRun) -> HandOver:
    """The job that the drill goes on as."""
    with invariants.listening():
        answer = drill(run)
    assert isinstance(answer, HandOver)
    invariants.answered(answer.model_dump_json())
    assert_no_children()
    return answer


def refused(run: DrillRun) -> LifeboatError:
    """The error that ends a drill which got no job; it is no word about the backup."""
    with invariants.listening(), pytest.raises(JobNotStartedError) as caught:
        drill(run)
    invariants.told(caught.value)
    assert_no_children()
    return caught.value


def reports(drills: DrillHarness) -> list[str]:
    return [key for key in drills.backups.bucket.holds() if key.startswith("drills/app/")]


@pytest.mark.fault("jobs")
@pytest.mark.parametrize(
    ("code", "todo"),
    [("AccessDeniedException", "codebuild:StartBuild"), (BUSY, "quota of concurrent builds")],
)
def test_a_drill_whose_job_is_refused_fails_before_it_has_fetched_anything(
    drills: DrillHarness, codebuild: CodeBuild, code: str, todo: str
) -> None:
    codebuild.errors = [refusal(code)] * 9
    drills.database = {"engine": "job"}
    error = refused(drills.run())
    assert todo in error.todo
    assert PROJECT in error.what
    assert reports(drills) == []


@pytest.mark.fault("time")
@pytest.mark.parametrize("step", [each for each in DRILL if each != "find"])
def test_a_drill_whose_time_runs_out_goes_on_as_a_job_and_leaves_nothing(
    drills: DrillHarness, codebuild: CodeBuild, clock: Clock, step: str
) -> None:
    with at(step, clock.strike):
        job = moved(drills.run())
    assert job.reason.startswith("It was begun in the function and could not end there: The")
    assert step in job.reason
    assert codebuild.event == {
        "database": "app",
        "backup": drills.backups.location.id,
        "target": "embedded",
    }
    assert reports(drills) == []
    assert drills.leftovers() == []


@pytest.mark.fault("time")
def test_a_target_is_left_without_the_database_of_a_drill_that_goes_on_as_a_job(
    drills: DrillHarness,
    codebuild: CodeBuild,
    clock: Clock,
    new_database: Callable[..., Database],
) -> None:
    target = new_database()
    before = databases(target)
    drills.give_target(target)
    drills.forget_endpoint()
    with at("compare", clock.strike):
        moved(drills.run(target=TARGET_ARN))
    assert codebuild.event["target"] == TARGET_ARN
    assert databases(target) == before


@pytest.mark.fault("jobs")
def test_a_drill_that_ran_out_of_time_and_got_no_job_says_nothing_about_the_backup(
    drills: DrillHarness, codebuild: CodeBuild, clock: Clock
) -> None:
    codebuild.errors = [refusal(BUSY)] * 9
    with at("restore", clock.strike):
        error = refused(drills.run())
    assert "time ran out" in error.what
    assert len(codebuild.requests) == 1  # there is no time to wait
    assert reports(drills) == []


@pytest.mark.fault("time")
def test_with_engine_function_time_that_runs_out_is_a_verdict(
    drills: DrillHarness, codebuild: CodeBuild, clock: Clock
) -> None:
    by(drills, starter=None)
    drills.database = {"engine": "function"}
    with at("restore", clock.strike):
        report = drills.hold()
    assert codebuild.requests == []
    assert 'With engine = "auto" for the database, it runs as a job' in (report.advice or "")
