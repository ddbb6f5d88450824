"""Gaps of ministack's Lambda that somebody meets who follows a run by its log."""

import time
from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import cloudwatch_logs, lambda_svc  # type: ignore[import-not-found]

Document = dict[str, Any]


def request_ids() -> None:
    """Name a run by the id of the request that started it.

    As shipped the two differ, so that nobody can find the log of an asynchronous run.
    """
    asked: ContextVar[str] = ContextVar("asked")
    answer, dispatch = app._dispatch_service_request, lambda_svc._execute_function_dispatch  # noqa: SLF001

    async def answer_and_note(method: str, path: str, *rest: Any) -> object:  # noqa: ANN401
        if path.endswith("/invocations"):
            asked.set(rest[-1])
        return await answer(method, path, *rest)

    def dispatch_named(
        func: Document, config: Document, event: object, request: str, started: float
    ) -> Document:
        result: Document = dispatch(func, config, event, asked.get(request), started)
        return result

    app._dispatch_service_request = answer_and_note  # noqa: SLF001
    lambda_svc._execute_function_dispatch = dispatch_named  # noqa: SLF001


class _RunningLog:
    """The log stream of a run that has begun.

    Attributes:
        written: its lines so far.
    """

    def __init__(self, group: Document, run: str) -> None:
        self.written: Counter[str] = Counter()
        self._run = run
        now = datetime.now(UTC)
        name = f"{now:%Y/%m/%d}/[$LATEST]{lambda_svc.new_uuid().replace('-', '')}"
        self._stream = group["streams"][name] = {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": int(time.time() * 1000),
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": None,
        }
        self.write([f"START RequestId: {run} Version: $LATEST"])

    def write(self, lines: Iterable[str]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": each, "ingestionTime": now} for each in lines]
        self.written.update(str(event["message"]) for event in events)
        cloudwatch_logs._append_log_events(self._stream, events)  # noqa: SLF001

    def finish(self, log: str, milliseconds: int) -> None:
        """Write what isn't written yet of the whole log, and the end."""
        for line in log.splitlines():
            if self.written[line]:
                self.written[line] -= 1
            elif line.startswith("Task timed out after "):
                self.write([f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z} {self._run} {line}"])
            else:
                self.write([line])
        took = f"{milliseconds} ms"
        end, report = f"END RequestId: {self._run}", f"REPORT RequestId: {self._run}"
        self.write([end, f"{report}\tDuration: {took}\tBilled Duration: {took}"])


def running_logs() -> None:
    """Write a line into the log when the function writes it.

    As shipped the whole log of a run appears after its end.
    """
    emit = lambda_svc._emit_lambda_logs  # noqa: SLF001
    invoke = lambda_runtime.Worker.invoke
    logs: dict[str, _RunningLog] = {}

    def read_and_log(self: Any) -> None:  # noqa: ANN401
        try:
            for line in self._proc.stderr:
                text = line.rstrip("\n")
                self._stderr_queue.put(text)
                if log := logs.get(getattr(self, "running", "")):
                    log.write([text])
        except (ValueError, OSError):
            return  # the process has gone

    def invoke_and_log(self: Any, event: object, request_id: str, **more: Any) -> Document:  # noqa: ANN401
        config = self.config.get("LoggingConfig") or {}
        name = config.get("LogGroup") or f"/aws/lambda/{self.func_name}"
        if group := cloudwatch_logs._log_groups.get(name):  # noqa: SLF001
            logs[request_id] = _RunningLog(group, request_id)
        # What the run before wrote last may have been read late: it is in the log of that run.
        self._drain_stderr()
        logs.pop(getattr(self, "running", ""), None)
        self.running = request_id
        result: Document = invoke(self, event, request_id, **more)
        return result

    def emit_rest(func: object, request: str, log: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        _error, milliseconds = rest
        if running := logs.get(request):  # it stays, for a line that is read late
            running.finish(log, milliseconds)
        else:
            emit(func, request, log, *rest, **more)

    lambda_runtime.Worker._read_stderr = read_and_log  # noqa: SLF001
    lambda_runtime.Worker.invoke = invoke_and_log
    lambda_svc._emit_lambda_logs = emit_rest  # noqa: SLF001
