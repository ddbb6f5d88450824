"""A run is handed over to a job: once, patiently, and with a next step if CodeBuild refuses."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lifeboat.errors import JobNotStartedError
from lifeboat.runtime.hand_over import JobStarter, job_starter

EVENT = {"database": "app", "scheduled": "2026-11-22T02:00:00Z"}


class CodeBuild:
    """Answers with these errors first, and then starts builds."""

    def __init__(self, errors: Iterable[Exception] = ()) -> None:
        self.errors = list(errors)
        self.requests: list[dict[str, Any]] = []

    def start_build(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return {"build": {"id": f"{request['projectName']}:1"}}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words"}}, "StartBuild")


def starter(aws: CodeBuild, slept: list[float], seconds: float = 600) -> JobStarter:
    return JobStarter(
        project="Lifeboat-backup-app-job",
        run_id="run",
        remaining=lambda: seconds - sum(slept),
        client=lambda: aws,
        sleep=slept.append,
    )


def test_the_job_gets_the_event_the_run_and_the_reason() -> None:
    aws = CodeBuild()
    started = starter(aws, []).start(EVENT, "it would take 40 min")
    assert started.build == "Lifeboat-backup-app-job:1"
    (request,) = aws.requests
    given = {each["name"]: each["value"] for each in request["environmentVariablesOverride"]}
    assert json.loads(given["LIFEBOAT_EVENT"]) == EVENT
    assert given["LIFEBOAT_RUN_ID"] == request["idempotencyToken"] == "run"
    assert given["LIFEBOAT_JOB_REASON"] == "it would take 40 min"


@pytest.mark.parametrize("code", ["AccountLimitExceededException", "ThrottlingException"])
def test_a_full_queue_is_tried_again(code: str) -> None:
    aws, slept = CodeBuild([refusal(code)] * 2), list[float]()
    assert starter(aws, slept).start(EVENT, "r").build
    assert slept == [2.0, 5.0]


def test_a_queue_that_stays_full_is_a_failure_that_names_the_quota() -> None:
    aws, slept = CodeBuild([refusal("AccountLimitExceededException")] * 9), list[float]()
    with pytest.raises(JobNotStartedError, match="words") as failed:
        starter(aws, slept).start(EVENT, "r")
    assert "quota" in failed.value.todo
    assert len(aws.requests) == 6


def test_it_waits_no_longer_than_the_function_lives() -> None:
    aws, slept = CodeBuild([refusal("ThrottlingException")] * 9), list[float]()
    with pytest.raises(JobNotStartedError):
        starter(aws, slept, seconds=10).start(EVENT, "r")
    assert slept == [2.0, 5.0]


def test_a_final_refusal_is_not_repeated() -> None:
    aws, slept = CodeBuild([refusal("AccessDeniedException")]), list[float]()
    with pytest.raises(JobNotStartedError, match="Lifeboat-backup-app-job"):
        starter(aws, slept).start(EVENT, "r")
    assert slept == []


def test_a_lost_answer_is_asked_for_again_with_the_same_token() -> None:
    aws, slept = CodeBuild([ReadTimeoutError(endpoint_url="https://x")]), list[float]()
    assert starter(aws, slept).start(EVENT, "r").build
    assert {each["idempotencyToken"] for each in aws.requests} == {"run"}
    assert len(aws.requests) == 2


def test_without_any_answer_nobody_claims_that_no_job_runs() -> None:
    aws = CodeBuild([ReadTimeoutError(endpoint_url="https://x")] * 9)
    with pytest.raises(JobNotStartedError, match="did not answer whether") as failed:
        starter(aws, []).start(EVENT, "r")
    assert "not known whether a job goes on" in failed.value.safe
    assert failed.value.todo.startswith("Look first: ")


def test_a_function_without_a_project_and_a_job_have_no_starter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert job_starter("run", lambda: 60) is None
    monkeypatch.setenv("LIFEBOAT_JOB_PROJECT", "project")
    assert job_starter("run", lambda: 60) is not None
    monkeypatch.setenv("LIFEBOAT_ENGINE", "job")
    assert job_starter("run", lambda: 60) is None
