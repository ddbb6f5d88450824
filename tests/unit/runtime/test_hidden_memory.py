"""Every handler hides its memory before it does anything else."""

import ctypes

import pytest
from aws_lambda_powertools import Logger

from lifeboat.errors import HiddenMemoryError
from lifeboat.runtime import invocation
from lifeboat.runtime.hidden_memory import hide_memory
from lifeboat.runtime.invocation import log_errors


def test_memory_is_hidden_before_the_event_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(invocation, "hide_memory", lambda: order.append("hidden"))

    @log_errors(Logger(service="test"), safe="All.")
    def handler(_event: object, _context: object) -> None:
        order.append("handled")

    handler({}, None)  # type: ignore[arg-type]
    assert order == ["hidden", "handled"]


def test_a_kernel_that_refuses_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Libc:
        def prctl(self, *_: int) -> int:
            return 1

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Libc())
    with pytest.raises(HiddenMemoryError, match="could not be hidden"):
        hide_memory()
