"""Runs a program and measures it together with everything that it starts."""

import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from lifeboat.errors import LifeboatError

#: Between two looks at the memory. Looking costs about 1 ms of CPU, for every contestant alike.
PERIOD_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """What one run took.

    Attributes:
        seconds: from start to end, by the clock on the wall.
        peak_bytes: the most memory that all processes held at one time. Pages that several share
            count once (PSS); where the system can't tell (macOS), shared pages don't count (USS).
        cpu_seconds: of all processes, user and system.
        cpu_seconds_by_program: the same by the program's name, up to the last look at each.
        output: what it wrote to standard output.
    """

    seconds: float
    peak_bytes: int
    cpu_seconds: float
    cpu_seconds_by_program: Mapping[str, float]
    output: str


@dataclass
class _Looks:
    """What was seen so far."""

    peak_bytes: int = 0
    cpu: dict[tuple[int, str], float] = field(default_factory=dict)

    def look(self, root: psutil.Process) -> None:
        total = 0
        for process in _family(root):
            # One that ends while we look, or has ended and is not reaped, holds no memory.
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                times, memory = process.cpu_times(), process.memory_full_info()
                self.cpu[process.pid, process.name()] = times.user + times.system
                total += getattr(memory, "pss", memory.uss)
        self.peak_bytes = max(self.peak_bytes, total)

    def by_program(self) -> dict[str, float]:
        totals: dict[str, float] = {}
        for (_, name), seconds in self.cpu.items():
            totals[name] = totals.get(name, 0.0) + seconds
        return totals


def measure(argv: Sequence[str], env: Mapping[str, str]) -> Measured:
    """Run a program to its end.

    Raises:
        LifeboatError: it did not end well.
    """
    before, started = _cpu_of_children(), time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        argv, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    root, looks, ended = psutil.Process(process.pid), _Looks(), threading.Event()

    def keep_looking() -> None:
        while not ended.wait(PERIOD_SECONDS):
            looks.look(root)

    observer = threading.Thread(target=keep_looking)
    observer.start()
    try:
        output, _ = process.communicate()
        seconds = time.perf_counter() - started
    finally:
        ended.set()
        observer.join()
        for each in _family(root):  # none is left unless we are being interrupted
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()
    if process.returncode:
        raise LifeboatError(
            f"A contestant ended with {process.returncode}: {argv[-1]}",
            todo="Look for the reason in its messages above.",
            safe="Only throw-away data was touched.",
        )
    return Measured(
        seconds=seconds,
        peak_bytes=looks.peak_bytes,
        cpu_seconds=_cpu_of_children() - before,
        cpu_seconds_by_program=looks.by_program(),
        output=output,
    )


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


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_of_children() -> float:
    """CPU seconds of all children of ours that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
