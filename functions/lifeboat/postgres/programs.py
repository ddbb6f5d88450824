"""PostgreSQL's own programs: where they are, and how a run starts, reads and ends them."""

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO, Self, cast

from lifeboat.errors import ProgramMissingError
from lifeboat.model.redact import without
from lifeboat.postgres.account import CALLER, Account
from lifeboat.postgres.jail import Confirmation, Jail

ROOT_VARIABLE = "LIFEBOAT_POSTGRES_ROOT"
DEFAULT_ROOT = Path("/opt/lib/postgresql")

MINIMAL_ENV: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C"}  # noqa: S108
"""The whole environment of a program, except for its connection. Lambda's own environment has the
function's AWS credentials. Messages in the C locale are those that people can search for."""

DUMP_ENV: Mapping[str, str] = {**MINIMAL_ENV, "PGTZ": "UTC"}
"""That of pg_dump, which writes moments in the session's time zone: the same moment has to be the
same text wherever the server stands, so that what came back can be compared."""

_STDERR_LINES = 40
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031  # Linux's fcntl; Python names it only where the platform has it


@dataclass(frozen=True)
class Programs:
    """The programs of several majors below one root: `<root>/<major>/bin/<name>`.

    Paths are absolute and below this root, so that another pg_dump on the machine is never run by
    accident.
    """

    root: Path

    @classmethod
    def of_environment(cls) -> Self:
        """The layer's programs, or those below `LIFEBOAT_POSTGRES_ROOT` when it is set."""
        return cls(Path(os.environ.get(ROOT_VARIABLE, str(DEFAULT_ROOT))))

    def majors(self) -> tuple[int, ...]:
        """The majors that are there, ascending."""
        folders = self.root.iterdir() if self.root.is_dir() else ()
        return tuple(sorted(int(f.name) for f in folders if f.name.isdigit()))

    def path(self, name: str, major: int) -> Path:
        """The program's absolute path.

        Raises:
            ProgramMissingError: it isn't there or can't be executed.
        """
        path = self.root / str(major) / "bin" / name
        if not os.access(path, os.X_OK):
            have = ", ".join(map(str, self.majors())) or "none"
            raise ProgramMissingError(
                f"{name} {major} is not at {path} (majors found there: {have}).",
                todo="Build the layers and deploy again: make layers deploy",
            )
        return path

    def stand_ins(self) -> frozenset[str]:
        """Names of the extensions for which the layer's servers have a stand-in."""
        file = self.root / "stand-ins"
        return frozenset(file.read_text().split()) if file.exists() else frozenset()

    def version(self, name: str, major: int) -> str:
        """The version from `<name> --version`, such as `18.6`."""
        out = subprocess.run(  # noqa: S603
            [self.path(name, major), "--version"],
            env=dict(MINIMAL_ENV),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        return out.split()[-1]


class Process:
    """A running program with pipes; it keeps the end of its standard error.

    Use it as a context manager: leaving it kills the program if it still runs, and reaps it.
    A thread reads standard error all the time, because a full pipe would stop the program.

    Args:
        argv: the program and its arguments; never a secret, since every user can read them.
        env: the program's whole environment.
        jail: what it may do.
        feed: whether the program's standard input is a pipe (`stdin`) or empty.
        account: the user that it runs as.
        cwd: its working directory. The account may have no access to ours, and pg_restore before
            16 complains about that.
        lines: how many of the last lines on standard error to keep.
    """

    def __init__(  # noqa: PLR0913  # each by its name
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        jail: Jail,
        feed: bool = False,
        account: Account = CALLER,
        cwd: Path = Path("/"),
        lines: int = _STDERR_LINES,
    ) -> None:
        self.name = Path(argv[0]).name
        self._jail = Confirmation(jail)
        self._process = subprocess.Popen(  # noqa: S603
            argv,
            env={**env, **self._jail.environment()},
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=cwd,
            pass_fds=self._jail.descriptors,
            process_group=0,  # its own, so that its children can be ended with it
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
        )
        self._jail.started()
        self._password = env.get("PGPASSWORD")
        self._stderr_lines: deque[str] = deque(maxlen=lines)
        self._stderr_reader = threading.Thread(target=self._read_stderr, daemon=True)
        self._stderr_reader.start()
        _enlarge(self._stdout)
        if feed:
            _enlarge(self._stdin)

    @property
    def pid(self) -> int:
        """The process ID."""
        return self._process.pid

    @property
    def _stdout(self) -> FileIO:
        return cast("FileIO", self._process.stdout)  # raw, since bufsize is 0

    @property
    def _stdin(self) -> FileIO:
        return cast("FileIO", self._process.stdin)

    def read_into(self, buffer: memoryview) -> int:
        """Wait for output and put it into `buffer`; returns its size, 0 at the end."""
        return self._stdout.readinto(buffer)

    def read(self, max_bytes: int) -> bytes:
        """Wait for output and return it, up to `max_bytes` bytes; empty at the end."""
        return self._stdout.read(max_bytes)

    def read_all(self) -> bytes:
        """All output up to its end."""
        return self._stdout.readall()

    def write(self, data: memoryview) -> None:
        """Write all of `data` to the program's input.

        Raises:
            BrokenPipeError: the program has closed its input, most likely by ending.
        """
        while data:
            data = data[self._stdin.write(data) :]

    def end_of_input(self) -> None:
        """Close the program's standard input."""
        self._stdin.close()

    def wait(self, seconds: float | None = None) -> int:
        """Wait for the end and return the exit code (negative: the signal that killed it).

        Children that it leaves behind are killed too: they would keep its pipes open.

        Raises:
            subprocess.TimeoutExpired: it still runs after `seconds`.
            JailError: it ended by itself, and was not in its jail.
        """
        code = self._reap(seconds)
        if code >= 0:  # a killed program may not have reached its jail
            self.require_jail()
        return code

    def require_jail(self) -> None:
        """Raise unless the program, which has begun its work or ended, is in its jail.

        Raises:
            JailError: it isn't.
        """
        self._jail.require(self.name, self.stderr_tail())

    def _reap(self, seconds: float | None = None) -> int:
        code = self._process.wait(seconds)
        self._signal_group(signal.SIGKILL)
        self._stderr_reader.join(seconds)
        return code

    def kill(self) -> None:
        """End the program and its children at once; harmless when it has ended."""
        self.send(signal.SIGKILL)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program and its children; harmless when it has ended."""
        if self._process.poll() is None:
            self._signal_group(number)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none of it is left
            os.killpg(self.pid, number)

    def stderr_tail(self) -> str:
        """The last lines of its standard error, without its password."""
        return without("\n".join(self._stderr_lines), self._password)

    def __enter__(self) -> Self:
        """The process itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill, reap and close everything."""
        self.kill()
        self._reap()
        self._jail.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _read_stderr(self) -> None:
        stderr = cast("IO[bytes]", self._process.stderr)
        for line in iter(stderr.readline, b""):
            self._stderr_lines.append(line.decode(errors="replace").rstrip())


def _enlarge(pipe: FileIO) -> None:
    """Let a pipe hold 1 MiB instead of 64 KiB.

    A run is a chain of programs on few cores: with small pipes they often wait for each other.
    """
    try:
        import fcntl  # noqa: PLC0415  # absent on platforms without these pipes

        fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, OSError):
        return  # only slower: macOS has no such call, and Linux may refuse it per user
