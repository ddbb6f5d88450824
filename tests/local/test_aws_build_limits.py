"""Builds of the local AWS wait and end as CodeBuild's do, and leave nothing."""

import time
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.support.aws_helpers import eventually
from tests.support.build_projects import make_project, reason


def test_a_build_whose_time_is_up_ends_with_all_its_processes(
    aws: LocalAws, tmp_path: Path
) -> None:
    file = tmp_path / "pids"
    project = make_project(aws, *_processes(file), minutes=5, post_build=["echo never"])
    build = project.start()
    assert eventually(lambda: len(_pids(file)) == 2)
    ended = project.end(build)
    assert ended["buildStatus"] == "TIMED_OUT"
    assert reason(ended, "BUILD")[:2] == ("TIMED_OUT", "BUILD_TIMED_OUT")
    assert project.log(build) == []
    assert not any(_runs(each) for each in _pids(file))


def test_a_build_that_is_stopped_ends_with_all_its_processes(aws: LocalAws, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    project = make_project(aws, *_processes(file), post_build=["echo never"])
    build = project.start()
    assert eventually(lambda: len(_pids(file)) == 2)
    aws.client("codebuild").stop_build(id=build)
    ended = project.end(build)
    assert ended["buildStatus"] == "STOPPED"
    assert reason(ended, "BUILD")[0] == "STOPPED"
    assert project.log(build) == []
    assert not any(_runs(each) for each in _pids(file))


def test_no_process_outlives_its_build_or_the_local_aws(tmp_path: Path) -> None:
    daemon, forever = tmp_path / "daemon", tmp_path / "forever"
    with LocalAws.start() as own:
        leaves = make_project(own, _daemon(daemon))
        assert leaves.run()["buildStatus"] == "SUCCEEDED"
        assert not any(_runs(each) for each in _pids(daemon))
        make_project(own, *_processes(forever)).start()
        assert eventually(lambda: len(_pids(forever)) == 2)
    assert not any(_runs(each) for each in _pids(forever))


def _daemon(file: Path) -> str:
    """A command that leaves a process in a session of its own, which ignores what it can."""
    return f"setsid sh -c 'trap \"\" TERM HUP INT; echo $$ >> {file}; sleep 300; sleep 300' &"


def _processes(file: Path) -> list[str]:
    return [_daemon(file), f"sh -c 'echo $$ >> {file}; sleep 300'"]


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _pids(file: Path) -> list[int]:
    return [int(each) for each in file.read_text().split()] if file.exists() else []


def test_more_builds_than_the_accounts_limit_wait_and_still_more_are_refused(
    aws: LocalAws, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    waits = f"while [ ! -e {until} ]; do sleep 0.02; done"
    project = make_project(aws, waits, compute="BUILD_GENERAL1_LARGE")
    first = project.start()
    assert eventually(lambda: project.look(first)["currentPhase"] == "BUILD")
    waiting = [project.start() for _ in range(5)]
    with pytest.raises(ClientError, match=r"AccountLimitExceededException.* more than 5 builds"):
        project.start()
    time.sleep(0.2)
    assert {project.look(each)["currentPhase"] for each in waiting} == {"QUEUED"}
    assert {project.look(each)["buildStatus"] for each in waiting} == {"IN_PROGRESS"}
    aws.client("codebuild").stop_build(id=waiting[0])
    assert reason(project.end(waiting[0]), "QUEUED")[0] == "STOPPED"
    assert make_project(aws, "true").run()["buildStatus"] == "SUCCEEDED"  # of another compute type
    until.touch()
    assert {project.end(each)["buildStatus"] for each in (first, *waiting[1:])} == {"SUCCEEDED"}


def test_a_build_that_waits_too_long_ends(aws: LocalAws, tmp_path: Path) -> None:
    compute = "BUILD_GENERAL1_MEDIUM"
    until = tmp_path / "until"
    busy = make_project(aws, f"while [ ! -e {until} ]; do sleep 0.02; done", compute=compute)
    first = busy.start()
    assert eventually(lambda: busy.look(first)["currentPhase"] == "BUILD")
    project = make_project(aws, "true", compute=compute, queued=5)
    assert reason(project.run(), "QUEUED")[:2] == ("TIMED_OUT", "BUILD_TIMED_OUT")
    until.touch()
    busy.end(first)


def test_a_request_that_is_repeated_with_its_token_starts_one_build(aws: LocalAws) -> None:
    project = make_project(aws, "true")
    first = project.start(idempotencyToken="slot")
    assert project.end(first)["buildStatus"] == "SUCCEEDED"
    client = aws.client("codebuild")
    again = client.start_build(projectName=project.name, idempotencyToken="slot")["build"]
    assert again["id"] == first
    with pytest.raises(ClientError, match="InvalidInputException"):
        project.start(idempotencyToken="slot", timeoutInMinutesOverride=7)
