"""Runs as processes: `python -m lifeboat.runtime.job`, as a build or another host starts it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import psutil

from tests.support.backup_harness import eventually
from tests.support.ctrl_c import heed_ctrl_c


@dataclass
class Job:
    """A run in a process of its own.

    Attributes:
        process: that runs.
        log: its lines of JSON so far.
        told: its other lines on standard error: what it tells to a person.
    """

    process: subprocess.Popen[str]
    log: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    _reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def start(cls, work: str, event: Mapping[str, object], environment: Mapping[str, str]) -> Self:
        """Start the program, and read its log."""
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", "lifeboat.runtime.job", work, json.dumps(event)],
                env=dict(environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=heed_ctrl_c,  # noqa: PLW1509  # it only sets a signal's handler
            )
        )

    def at(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for a line of its log."""
        eventually(lambda: any(map(wanted, self.log)) or self.process.poll() is not None)
        assert any(map(wanted, self.log)), (self.told, self.log)

    def at_step(self, step: str) -> None:
        """Wait until it tells that this step has begun."""
        self.at(lambda line: step in str(line.get("step", "")).split(" and "))

    def children(self) -> list[psutil.Process]:
        """The programs that run for it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit code. Nothing that it started is left then."""
        children = self.children()
        self.process.send_signal(number)
        code = self.wait()
        assert [child for child in children if _runs(child)] == []
        return code

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        code = self.process.wait(120)
        self._reader.join(60)
        return code

    def answer(self) -> Any:
        """What is on its standard output: nothing, which is None, or one line of JSON."""
        assert self.process.stdout is not None
        text = self.process.stdout.read()
        assert text.count("\n") <= 1
        return json.loads(text) if text else None

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                self.log.append(json.loads(line))
            else:
                self.told.append(line.rstrip())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


def _runs(process: psutil.Process) -> bool:
    """Whether it still runs; what nobody has reaped after its parent's end doesn't."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
