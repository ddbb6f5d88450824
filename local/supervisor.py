"""The process between us and a supervised program; see `local.supervised_process`. Run as a script.

It starts the program in a session of its own and waits for whichever comes first: the end of the
program, or the end of its own stdin, which is the end of whoever holds the other side. Then
nothing of the session and the directory remains. On Linux nothing remains of daemons either: an
orphan below us becomes our child, whatever session it has made for itself. Our exit code is the
program's, as a shell has it.
"""

import contextlib
import ctypes
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

STDIN = 0
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def adopt_orphans() -> None:
    """Become the parent of every orphan below us, instead of the machine's first process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(argv: list[str], user: str | None) -> subprocess.Popen[bytes]:
    """Start the program in a new session, as `user` with that user's group and no other."""
    group = None if user is None else pwd.getpwnam(user).pw_gid
    return subprocess.Popen(  # noqa: S603 - our own words
        argv,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
    )


def wait(
    program: subprocess.Popen[bytes], arrivals: int, stop_signal: int, grace: float
) -> list[psutil.Process]:
    """Return when the program has ended, ending it when our parent is gone or we get SIGTERM.

    Returns the descendants that it had when we ended it: some made sessions of their own.
    """
    descendants: list[psutil.Process] = []
    while program.poll() is None:
        ready, _, _ = select.select([STDIN, arrivals], [], [])
        reap(program.pid)
        if STDIN in ready or signal.SIGTERM in os.read(arrivals, 64):
            with contextlib.suppress(psutil.NoSuchProcess):
                descendants = psutil.Process(program.pid).children(recursive=True)
            end(program, stop_signal, grace)
    return descendants


def end(program: subprocess.Popen[bytes], stop_signal: int, grace: float) -> None:
    """Ask the program to end, wait `grace` seconds, then kill it."""
    program.send_signal(stop_signal)
    try:
        program.wait(grace)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def reap(program: int) -> None:
    """Let go of orphans that have ended; the program itself is waited for elsewhere."""
    for child in psutil.Process().children():
        if child.pid != program and not is_running(child):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)


def sweep(session: int, descendants: list[psutil.Process]) -> None:
    """SIGKILL `descendants`, our own and every process of `session` until none is left."""
    ours = psutil.Process()
    while alive := [
        *filter(is_running, [*descendants, *ours.children(recursive=True)]),
        *members(session),
    ]:
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.01)
    reap(session)  # or whoever looks for them next may still see them


def is_running(process: psutil.Process) -> bool:
    """Whether it runs still; an orphan that waits for init to reap it does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def members(session: int) -> Iterator[psutil.Process]:
    """The living processes of `session`: also those whose parent is gone, not only children."""
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and is_running(process):
                yield process
        except ProcessLookupError:
            continue  # it ended since it was listed
        except PermissionError:
            continue  # macOS says nothing about other users' processes; those aren't ours


def signals() -> int:
    """A descriptor to read the numbers of arriving SIGCHLD and SIGTERM from, for select."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    return reader


def main() -> None:
    """Carry out the order in argv, as JSON written by `SupervisedProcess`."""
    order = json.loads(sys.argv[1])
    adopt_orphans()
    arrivals = signals()  # before the start: a program may end at once
    program = start(order["argv"], order["user"])
    descendants = wait(program, arrivals, order["signal"], order["grace"])
    sweep(program.pid, descendants)
    shutil.rmtree(order["owns"])
    code = program.returncode
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
