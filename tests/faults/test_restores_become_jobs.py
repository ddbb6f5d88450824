"""A restore that gets no job says so; a job that dies says what is left on the server."""

import pytest

from lifeboat.errors import JobNotStartedError, LifeboatError, TerminatedError, TimeLimitError
from lifeboat.model.engine import Engine
from tests.support.backup_harness import Database, open_backends
from tests.support.jobs import CodeBuild, refusal
from tests.support.restore_harness import RestoreHarness, databases, refused
from tests.support.step_faults import Clock, at, by

PROJECT = "Lifeboat-restore-job"


@pytest.fixture
def codebuild(restores: RestoreHarness) -> CodeBuild:
    restores.backups.take()
    restores.settings["ephemeral_mb"] = 512
    aws = CodeBuild()
    by(restores, starter=aws.starter(PROJECT))
    return aws


def as_job(restores: RestoreHarness, clock: Clock) -> None:
    """What runs from here on is a job, until the clock strikes."""
    restores.backups.take()
    by(restores, engine=Engine.JOB, remaining=clock.remaining)


def require_left(restores: RestoreHarness, error: LifeboatError) -> None:
    """The error names the one database that is left, and what drops it."""
    (name,) = databases(restores.live) - {restores.live.name}
    copy = Database(restores.live.server, name)
    assert open_backends(copy) == []
    assert name in error.safe
    drop = f"DROP DATABASE {name} WITH (FORCE);"
    assert drop in error.todo
    with restores.live.server.admin() as admin:
        admin.execute(drop)


@pytest.mark.fault("jobs")
@pytest.mark.parametrize(
    ("code", "todo"),
    [
        ("AccessDeniedException", "codebuild:StartBuild"),
        ("AccountLimitExceededException", "quota of concurrent builds"),
    ],
)
def test_a_restore_whose_job_is_refused_makes_nothing(
    restores: RestoreHarness, codebuild: CodeBuild, code: str, todo: str
) -> None:
    codebuild.errors = [refusal(code)] * 9
    restores.backups.settings["database"] = {"engine": "job"}
    by(restores, settings=restores.backups.run().settings)
    error = refused(restores.restore)
    assert isinstance(error, JobNotStartedError)
    assert PROJECT in error.what
    assert todo in error.todo
    assert databases(restores.live) == {restores.live.name}


@pytest.mark.fault("time")
def test_a_job_whose_time_runs_out_names_what_is_left_and_the_jobs_setting(
    restores: RestoreHarness, clock: Clock
) -> None:
    as_job(restores, clock)
    with at("compare", clock.strike):
        error = refused(restores.restore)
    assert isinstance(error, TimeLimitError)
    assert error.what.startswith("The job's time ran out")
    assert "job.timeout_hours (at most 36)" in error.todo
    assert "function" not in error.what + error.todo
    require_left(restores, error)


@pytest.mark.fault("jobs")
def test_a_job_that_is_ended_in_a_restore_names_what_is_left(
    restores: RestoreHarness, clock: Clock
) -> None:
    as_job(restores, clock)
    ended = TerminatedError("The run was ended from outside.", todo="Find out who did it.")
    made = []
    real = restores.run

    def run(*asked: object, **keys: object) -> object:
        made.append(real(*asked, **keys))  # type: ignore[arg-type]
        return made[-1]

    restores.run = run  # type: ignore[method-assign, assignment]
    with at("compare", lambda: made[-1].scope.fail(ended)):
        error = refused(restores.restore)
    assert isinstance(error, TerminatedError)
    require_left(restores, error)
