"""Programs that can't outlive the process that started them, however that process ends."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lifeboat.errors import LifeboatError


class StartError(LifeboatError):
    """A local server did not come up; the message holds the end of its log."""

    safe_by_default = "Nothing but this local server is affected."


class SupervisedProcess:
    """A running program, its descendants and its directory: all of them end together.

    Between us and the program stands a small process of our own (`local.supervisor`) that holds the
    reading end of a pipe. The kernel closes our end when we die, also by kill -9, and that is
    what ends the program. Unlike PR_SET_PDEATHSIG this works on macOS, for grandchildren and
    across a change of user.

    Args:
        argv: the program and its arguments.
        owns: a directory that is removed after the program's end.
        env: the program's whole environment.
        user: whom to run the program as; only root can change users. None: the caller's user.
        stop_signal: the signal that asks the program itself to end.
        grace: seconds between that request and SIGKILL for everything in the program's session.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        owns: Path,
        env: Mapping[str, str],
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 3.0,
    ) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._words = ""
        order = {
            "argv": [*argv],
            "user": user,
            "owns": str(owns),
            "signal": int(stop_signal),
            "grace": grace,
        }
        child = Path(__file__).with_name("supervisor.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-I", str(child), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=dict(env),
            start_new_session=True,  # Ctrl-C in a terminal is for us, not for the server
        )

    def ended(self) -> bool:
        """Whether the program has ended, by itself or because it was stopped."""
        return self._process.poll() is not None

    def log_tail(self, length: int = 4000) -> str:
        """The end of what the program wrote to stdout and stderr, at most `length` bytes."""
        if self._log.closed:
            return self._words[-length:]
        log = self._log.fileno()
        begin = max(0, os.fstat(log).st_size - length)
        return os.pread(log, length, begin).decode(errors="replace")  # seek would move the writer

    def stop(self) -> None:
        """End the program and its descendants and remove its directory; harmless when repeated."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._words = self.log_tail()
        self._log.close()
