"""A restore that doesn't fit into a function is planned and done as a job, from the same event."""

import pytest

from lifeboat.errors import RefusedError
from lifeboat.model.attempt import AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.restore.policy.report import RestoreReport
from local.aws import LocalAws
from tests.support.backup_harness import assert_no_children
from tests.support.jobs import Work
from tests.support.restore_harness import RestoreHarness, databases

PROJECT = "Lifeboat-restore-job"


@pytest.fixture
def work(restores: RestoreHarness, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Work:
    """The restore function, with one backup in the bucket."""
    restores.backups.take()
    made = Work(
        "restore",
        restores.backups,
        restores.programs,
        aws,
        monkeypatch,
        function="Lifeboat-restore",
        engine="job",
    )
    made.deploy()
    return made


def test_the_plan_and_its_event_stay_and_the_event_is_handed_over_pinned(
    work: Work, restores: RestoreHarness
) -> None:
    plan = work.invoke({"action": "restore", "database": "app", "owners": "none"})
    assert plan["steps"][0].startswith("Run as a job of CodeBuild: about 10 s, about $0.01")
    assert work.codebuild.requests == []
    event = plan["next_event"]
    answer = work.invoke(event)["handed_over"]
    assert (answer["project"], answer["database"]) == (PROJECT, "app")
    assert work.codebuild.event == event
    assert work.codebuild.event["backup"] == work.backups.location.id
    assert databases(restores.live) == {restores.live.name}
    attempt = work.attempt()
    assert (attempt.outcome, attempt.build) == (AttemptOutcome.HANDED_OVER, f"{PROJECT}:1")

    code, done = work.build()
    assert code == 0
    assert done["verdict"] == "proven", done["reasons"]
    assert databases(restores.live) == {restores.live.name, done["restored_database"]}
    key = done["report"].split("/", 3)[3]
    report = RestoreReport.from_json(work.backups.bucket.read(key), key=key)
    assert (report.engine, report.run_id) == (Engine.JOB, "r-1")
    attempt = work.attempt()
    assert (attempt.outcome, attempt.engine) == (AttemptOutcome.SUCCEEDED, Engine.JOB)
    assert_no_children()


def test_rows_are_loaded_by_a_job_only_once_the_live_name_is_given(
    work: Work, restores: RestoreHarness
) -> None:
    rows = restores.live.value("SELECT count(*) FROM users")
    restores.live.run("DELETE FROM users")
    asked = {
        "action": "restore-tables",
        "database": "app",
        "tables": ["public.users"],
        "data_only": True,
        "replace": True,
    }
    event = work.invoke(asked)["next_event"]
    assert event["confirm"] == restores.live.name
    work.invoke(event)
    assert work.codebuild.event["confirm"] == restores.live.name
    assert work.build()[0] == 0
    assert restores.live.value("SELECT count(*) FROM users") == rows > 0


def test_an_export_by_a_job_puts_no_link_into_the_log(work: Work) -> None:
    work.invoke({"action": "export", "database": "app", "execute": True})
    code, done = work.build()
    assert code == 0
    assert "download_url" not in done
    assert done["next_command"].startswith(f"aws s3 cp {done['file']}")


def test_whom_a_job_refuses_is_told_since_nobody_reads_its_answer(
    work: Work, restores: RestoreHarness
) -> None:
    """In a function whoever asked does, so a refusal there is told to nobody else."""
    restores.live.run("DELETE FROM users")
    asked = {
        "action": "restore-tables",
        "database": "app",
        "tables": ["public.users"],
        "data_only": True,
        "execute": True,
    }
    work.invoke(asked)
    restores.live.run("INSERT INTO users (id, email) VALUES (4711, 'x')")
    code, done = work.build()
    assert (code, done) == (1, None)
    attempt = work.attempt()
    assert (attempt.outcome, attempt.notified) == (AttemptOutcome.FAILED, True)
    assert "Not empty: public.users" in (attempt.what or "")
    with pytest.raises(RefusedError):
        work.invoke(asked, run_id="r-2")
    assert work.attempt() == attempt


def test_lists_and_swaps_stay_in_the_function(work: Work) -> None:
    for action in ("list", "tables", "databases"):
        assert work.invoke({"action": action, "database": "app"})["action"] == action
    assert work.codebuild.requests == []
    work.invoke({"action": "restore", "database": "app", "execute": True})
    _, done = work.build()
    swap = work.invoke(done["next_event"])
    assert swap["action"] == "swap"
    assert swap["blockers"] == []
    assert len(work.codebuild.requests) == 1
