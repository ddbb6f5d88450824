"""A handler as a program: what it reads, prints and returns."""

import json
import signal
import sys
import time
from types import ModuleType
from typing import Any

import pytest

from lifeboat.errors import CapacityError, EventError
from lifeboat.runtime import termination
from lifeboat.runtime.job import JobContext, run_job

MODULE = "lifeboat.backup.handler"


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, JobContext]]:
    """A backup handler that does nothing; gives what it was called with."""
    calls: list[tuple[object, JobContext]] = []

    def handle(event: object, context: JobContext) -> dict[str, object]:
        calls.append((event, context))
        sys.stdout.write("a line of the log\n")
        if isinstance(event, dict) and (error := event.get("raise")):
            raise {"event": EventError, "capacity": CapacityError}[error]("E", todo="T")
        if isinstance(event, dict) and (number := event.get("signal")):
            signal.raise_signal(number)
            termination.pause(60)
        return {"backup": "b"}

    module = ModuleType(MODULE)
    module.handler = handle  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, module)
    monkeypatch.setattr("sys.stdout", sys.stdout)  # what the job replaces comes back
    return calls


def test_only_the_answer_is_on_standard_output(
    handler: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_job(["backup", '{"database": "app"}'], {}) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {"backup": "b"}
    assert told.err == "a line of the log\n"
    assert handler[0][0] == {"database": "app"}


def test_the_environment_has_what_the_arguments_leave_out(handler: list[Any]) -> None:
    environment = {
        "LIFEBOAT_WORK": "backup",
        "LIFEBOAT_EVENT": '{"database": "app"}',
        "LIFEBOAT_RUN_ID": "the-run",
        "LIFEBOAT_MEMORY_MB": "8192",
        "AWS_LAMBDA_FUNCTION_NAME": "Lifeboat-backup-app",
    }
    assert run_job([], environment) == 0
    event, context = handler[0]
    assert event == {"database": "app"}
    assert context.aws_request_id == "the-run"
    assert context.memory_limit_in_mb == 8192
    assert context.function_name == "Lifeboat-backup-app"


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize(("error", "code"), [("event", 2), ("capacity", 1)])
def test_a_failure_has_its_exit_code_and_no_answer(
    capsys: pytest.CaptureFixture[str], error: str, code: int
) -> None:
    assert run_job(["backup", json.dumps({"raise": error})], {}) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert "E\nSafe: " in told.err


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_run_and_is_the_exit_code(
    capsys: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    before = signal.getsignal(number)
    signal.signal(number, signal.default_int_handler)  # who runs the tests may have it ignored
    try:
        assert run_job(["backup", json.dumps({"signal": number})], {}) == code
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    told = capsys.readouterr()
    assert told.out == ""
    assert f"ended from outside ({number.name})" in told.err


@pytest.mark.parametrize("arguments", [[], ["bakup", "{}"], ["backup", "{"], ["backup"]])
def test_wrong_usage_starts_nothing(
    handler: list[Any], capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run_job(arguments, {}) == 2
    assert handler == []
    assert "\nNext: " in capsys.readouterr().err


def test_the_time_counts_from_the_start_of_the_build_and_leaves_a_reserve() -> None:
    now = time.time()
    begun = str(int((now - 100) * 1000))
    context = JobContext({"LIFEBOAT_SECONDS": "3600", "CODEBUILD_START_TIME": begun}, now)
    left = context.get_remaining_time_in_millis() / 1000
    assert left == pytest.approx(3600 - 100 - 60, abs=2)


def test_a_run_without_an_id_gets_one_of_its_own() -> None:
    one, other = JobContext({}, time.time()), JobContext({}, time.time())
    assert one.aws_request_id != other.aws_request_id
    assert one.memory_limit_in_mb > 256
