"""Runs a program and measures it together with everything that it starts."""

import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Self

import psutil

from lifeboat.errors import LifeboatError

PERIOD_SECONDS = 0.05
LIMIT_SECONDS = 600.0
"""Nobody is waited for any longer."""

_CLEAN_UP_SECONDS = 20.0
_SHOWN = 300
"""Characters of what a program said at its end."""

_ADVICE = ("Safe: ", "Next: ", ": detail: ", ": hint: ")
"""What follows an error: of ours, and of PostgreSQL's programs."""


@dataclass(frozen=True)
class Measured:
    """What one run took.

    Attributes:
        seconds: from start to end, by the clock on the wall.
        cpu_seconds: of all its processes, user and system.
        output: what it wrote to standard output.
    """

    seconds: float
    cpu_seconds: float
    output: str


@dataclass
class MemorySampler:
    """Samples a running program and its descendants every 50 ms, as a context manager.

    A sample takes several milliseconds of CPU (the kernel walks page tables), so runs that are
    timed go without.

    Attributes:
        peak_bytes: the most memory that all processes held at one time. Pages that several share
            count once (PSS); where the system can't tell (macOS), shared pages don't count (USS).
    """

    process: psutil.Process
    peak_bytes: int = 0
    _cpu: dict[tuple[int, str], float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin to sample."""
        self._thread = threading.Thread(target=self._keep_sampling)
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Sample no more."""
        self._ended.set()
        self._thread.join()

    def cpu_seconds_by_program(self) -> dict[str, float]:
        """CPU seconds by the programs' names, up to the last sample of each process."""
        totals: dict[str, float] = {}
        for (_, name), seconds in self._cpu.items():
            totals[name] = totals.get(name, 0.0) + seconds
        return totals

    def _keep_sampling(self) -> None:
        while not self._ended.wait(PERIOD_SECONDS):
            self.peak_bytes = max(self.peak_bytes, sum(map(self._sample, _family(self.process))))

    def _sample(self, process: psutil.Process) -> int:
        """Note a process's CPU time; its memory."""
        try:
            times, memory = process.cpu_times(), process.memory_full_info()
            self._cpu[process.pid, process.name()] = times.user + times.system
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return 0  # it has just ended: what isn't reaped yet holds no memory
        return int(getattr(memory, "pss", memory.uss))


def measure(argv: Sequence[str], env: Mapping[str, str]) -> Measured:
    """Time a program.

    Raises:
        LifeboatError: it did not end well, or not within ten minutes.
    """
    before, started = _cpu_of_children(), time.perf_counter()
    with _start(argv, env) as running:
        output = running.wait()
    return Measured(
        seconds=time.perf_counter() - started,
        cpu_seconds=_cpu_of_children() - before,
        output=output,
    )


def sample_memory(argv: Sequence[str], env: Mapping[str, str]) -> MemorySampler:
    """Run a program and sample its memory all the time.

    Raises:
        LifeboatError: it did not end well, or not within ten minutes.
    """
    with (
        _start(argv, env) as running,
        MemorySampler(psutil.Process(running.process.pid)) as memory,
    ):
        running.wait()
    return memory


def cpu_of(process: psutil.Process) -> float:
    """CPU seconds of a server, its children, and the children that it has seen end."""
    total = 0.0
    for each in _family(process):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def cpu_of_machine() -> float:
    """CPU seconds that all programs together have had since the machine started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def last_words(text: str) -> str:
    """The last line that a program wrote of its own error; what an error of ours says to do goes.

    One line, cut to what a table can show, with files by their names only.
    """
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not any(mark in line for mark in _ADVICE)]
    words = said[-1].removeprefix("lifeboat.errors.").split() if said else []
    return " ".join(_without_folders(word) for word in words)[:_SHOWN]


def _without_folders(word: str) -> str:
    deep = word.startswith("/") and word.count("/") > 1
    return word.rpartition("/")[2] if deep else word


@dataclass(frozen=True)
class _Running:
    """A started program, and the file that it writes its messages to."""

    process: subprocess.Popen[str]
    messages: IO[str]

    def wait(self) -> str:
        """Wait for its end; its output.

        Raises:
            LifeboatError: it failed, or took too long.
        """
        try:
            output, _ = self.process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._end()
            raise _failed(f"It took longer than {LIMIT_SECONDS / 60:g} minutes.") from None
        except BaseException:
            self._end()
            raise
        if self.process.returncode:
            self.messages.seek(0)
            said = self.messages.read()
            sys.stderr.write(said)
            raise _failed(last_words(said) or f"It ended with {self.process.returncode}.")
        return output

    def _end(self) -> None:
        """Let it clean up what it has in /tmp; then end all that is left of it."""
        family = _family(psutil.Process(self.process.pid))
        self.process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=_CLEAN_UP_SECONDS)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()


@contextmanager
def _start(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[_Running]:
    with tempfile.TemporaryFile("w+", errors="replace") as messages:
        process = subprocess.Popen(  # noqa: S603
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
        )
        yield _Running(process, messages)


def _failed(what: str) -> LifeboatError:
    return LifeboatError(
        what,
        todo="Look for the reason in its messages above.",
        safe="Only throw-away data was touched.",
    )


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_of_children() -> float:
    """CPU seconds of all children of ours that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
