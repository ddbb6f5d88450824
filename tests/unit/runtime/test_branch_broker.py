"""What a run is told by the function that makes branches, and by whoever answers in its place."""

import json
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lifeboat.errors import BranchError
from lifeboat.model.branches import BranchRequest
from lifeboat.runtime.branch_broker import BranchBroker, branch_broker

ASKED = BranchRequest(action="create", database="app", run="run-1")
NOBODY: Any = None


class Answering:
    """In the place of Lambda's client."""

    def __init__(self, answer: object, *, failed: bool = False) -> None:
        self.answer, self.failed = answer, failed

    def invoke(self, **_: Any) -> dict[str, object]:
        if isinstance(self.answer, Exception):
            raise self.answer
        failed = {"FunctionError": "Unhandled"} if self.failed else {}
        return {"Payload": BytesIO(json.dumps(self.answer).encode()), **failed}


def refused(answer: object, *, failed: bool = False) -> BranchError:
    client = Answering(answer, failed=failed)
    broker = BranchBroker("Lifeboat-neon-broker", "arn", NOBODY, client=lambda: client)
    with pytest.raises(BranchError) as caught:
        broker.create(ASKED)
    return caught.value


def test_its_three_lines_become_ours() -> None:
    text = "Neon answers HTTP 401.\nSafe: Everything.\nNext: Make an API key."
    error = refused({"errorType": "ProviderKeyError", "errorMessage": text}, failed=True)
    assert (error.what, error.todo) == ("Neon answers HTTP 401.", "Make an API key.")


@pytest.mark.parametrize(
    "said",
    [{"errorMessage": ""}, {}, "crashed", None, {"errorType": "Runtime.ExitError"}],
    ids=str,
)
def test_a_crash_without_a_word_says_where_to_look(said: object) -> None:
    error = refused(said, failed=True)
    assert "failed without a word" in error.what
    assert "neon-broker" in error.todo


def test_a_crash_with_words_says_them_and_where_to_look() -> None:
    error = refused({"errorMessage": "Task timed out after 300.00 seconds"}, failed=True)
    assert error.what == "Task timed out after 300.00 seconds"
    assert "neon-broker" in error.todo


@pytest.mark.parametrize("said", [{}, [], {"database": "app", "uri": "postgresql://"}], ids=str)
def test_an_answer_of_another_version_is_refused(said: object) -> None:
    assert "does not answer as this one expects" in refused(said).what


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke"), "AccessDenied"),
        (ReadTimeoutError(endpoint_url="https://lambda"), "ReadTimeoutError"),
    ],
    ids=["refused", "silent"],
)
def test_a_function_that_cannot_be_invoked_is_told(error: Exception, why: str) -> None:
    told = refused(error)
    assert f"could not be invoked: {why}" in told.what
    assert "make deploy" in told.todo


def test_a_program_without_a_stack_has_no_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIFEBOAT_BRANCH_BROKER", "LIFEBOAT_BRANCH_SECRET"):
        monkeypatch.delenv(name, raising=False)
    broker = branch_broker(NOBODY)
    for ask in (lambda: broker.create(ASKED), lambda: broker.connection("version-1")):
        with pytest.raises(BranchError, match="no function that makes branches"):
            ask()
