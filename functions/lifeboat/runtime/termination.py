"""Ends a run when its process is asked to end: by Ctrl-C, a lost terminal, or whoever stops it.

An exception that a signal raised wherever the code happens to be would also hit it while it cleans
up, or where every error is only logged. So the signal only sets a mark, and fails what has said
that it wants to be ended. That is the run's own way to end early, the same as when its time is up.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from lifeboat.errors import LifeboatError, TerminatedError

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

type End = Callable[[LifeboatError], object]
"""Ends something with this error; called in another thread."""


@dataclass
class _Request:
    """Whether this process was asked to end, and what ends then."""

    asked: threading.Event = field(default_factory=threading.Event)
    number: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ends: list[End] = field(default_factory=list)


class _Current:
    """The request to this process; a new one for each `heeding_signals`."""

    request = _Request()


@contextmanager
def ended_by_signals(end: End) -> Iterator[None]:
    """End what the block does if the process is asked to end.

    In a function nothing asks, and the block runs as it is.

    Args:
        end: makes the block end soon, by raising the error that it gets.

    Raises:
        TerminatedError: the process was asked before the block began.
    """
    request = _Current.request
    with request.lock:
        require_unasked()
        request.ends.append(end)
    try:
        yield
    finally:
        with request.lock:
            request.ends.remove(end)


def pause(seconds: float) -> None:
    """Sleep, but not longer than until the process is asked to end.

    Raises:
        TerminatedError: it was.
    """
    _Current.request.asked.wait(seconds)
    require_unasked()


def require_unasked() -> None:
    """Go on unless the process was asked to end.

    Raises:
        TerminatedError: it was.
    """
    if _Current.request.asked.is_set():
        raise _terminated(_Current.request)


@contextmanager
def heeding_signals() -> Iterator[None]:
    """Let SIGTERM, SIGINT and SIGHUP end runs cleanly during the block; the first one counts.

    A signal that is ignored stays ignored: who starts a program with nohup means it. Call it in the
    main thread.
    """
    request, before = _Request(), _Current.request
    _Current.request = request
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    watch = threading.Thread(target=_watch, args=(request, reader), daemon=True, name="signals")
    watch.start()
    with ExitStack() as stack:
        stack.callback(watch.join)
        stack.callback(os.close, writer)  # which ends the watch
        # Written by Python's C code at once, wherever the main thread waits.
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer))
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                stack.callback(signal.signal, number, signal.signal(number, _noted))
        stack.callback(setattr, _Current, "request", before)
        yield


def _noted(_number: int, _frame: object) -> None:
    """Do nothing in the main thread: a handler has to be there for `_watch` to be woken."""


def _watch(request: _Request, reader: int) -> None:
    with open(reader, "rb", buffering=0) as pipe:
        while received := pipe.read(1):
            if received[0] in _SIGNALS and not request.asked.is_set():
                _end(request, received[0])


def _end(request: _Request, number: int) -> None:
    with request.lock:
        request.number = number
        request.asked.set()
        ends = tuple(request.ends)
    for end in ends:
        end(_terminated(request))


def _terminated(request: _Request) -> TerminatedError:
    name = signal.Signals(request.number).name
    return TerminatedError(
        f"The run was ended from outside ({name}).",
        todo="Find out who stopped it, then repeat the run.",
        number=request.number,
    )
