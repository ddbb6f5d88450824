"""What reaches a person from any function says what is safe, in the words of that function."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.backup import handler as backup
from lifeboat.backup.run import BackupRun
from lifeboat.drill import handler as drill
from lifeboat.drill.run import DrillRun
from lifeboat.errors import LifeboatError, RefusedError, StorageError, UnexpectedError
from lifeboat.monitor import handler as monitor
from lifeboat.restore import handler as restore
from lifeboat.restore.run import RestoreRun
from lifeboat.runtime import invocation
from lifeboat.runtime.invocation import as_lifeboat_error

CONTEXT: Any = SimpleNamespace(
    aws_request_id="r-1",
    function_name="Lifeboat-x",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:Lifeboat-x",
)
FUNCTIONS = pytest.mark.parametrize(
    ("handle", "safe"),
    [
        pytest.param(backup.handler, BackupRun.SAFE, id="backup"),
        pytest.param(drill.handler, DrillRun.SAFE, id="drill"),
        pytest.param(restore.handler, RestoreRun.SAFE, id="restore"),
        pytest.param(monitor.handler, monitor.SAFE, id="monitor"),
    ],
)


def ended_by(
    error: Exception, handle: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> LifeboatError:
    """What the function raises, and Lambda shows, when its work ends by this error."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(invocation, "hide_memory", fail)
    with pytest.raises(LifeboatError) as caught:
        handle({}, CONTEXT)
    return caught.value


@FUNCTIONS
def test_every_function_says_what_none_of_its_failures_affects(
    handle: Callable[..., object], safe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ended_by(StorageError("S3 said no.", todo="Ask again."), handle, monkeypatch)
    assert str(error).splitlines() == ["S3 said no.", f"Safe: {safe}", "Next: Ask again."]


@FUNCTIONS
def test_so_does_one_that_ends_by_what_nobody_foresaw(
    handle: Callable[..., object], safe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ended_by(ValueError("hunter2"), handle, monkeypatch)
    assert isinstance(error, UnexpectedError)
    assert error.safe == safe
    assert "hunter2" not in str(error)
    assert "r-1" in error.todo


@FUNCTIONS
def test_what_was_known_where_it_happened_stands(
    handle: Callable[..., object], safe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = StorageError("x", todo="y", safe="Both have their names.")
    assert ended_by(error, handle, monkeypatch).safe == "Both have their names."
    refused = ended_by(RefusedError("x", todo="y"), handle, monkeypatch)
    assert refused.safe == RefusedError.safe_by_default != safe


def test_the_record_of_a_run_and_its_message_say_the_same() -> None:
    error = StorageError("x", todo="y")
    assert as_lifeboat_error(error, CONTEXT, safe="The rest.") is error
    assert error.safe == "The rest."
