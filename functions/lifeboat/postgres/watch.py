"""Ends a run cleanly: at its first failure, or when its time is up.

A run waits in many places at once: for pg_dump's bytes, for the decoder to take them, for a query,
for S3. Lambda's own time-out would kill the process without running any code and may leave
children for the next invocation to meet, so the run ends itself a little earlier. Ending it means
killing its programs and shutting its connections' sockets down, which wakes every wait but those
for a name server, a connection or S3. These have time-outs of their own, which are patient ones, so
they are done in a thread that is left alone when the run ends.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus

from lifeboat.errors import LifeboatError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.programs import Child
from lifeboat.runtime.patience import patience

#: Those whose time runs, in this process.
_UNDER_WAY: WeakSet["Watch"] = WeakSet()


class Watch:
    """Keeps what a run started. The first failure wins and ends everything.

    As a context manager it raises that failure in place of whatever error it caused elsewhere.

    Args:
        seconds: how long the run may take.
        out_of_time: makes the error that says so, when it comes to that.
    """

    def __init__(self, seconds: float, out_of_time: Callable[[], LifeboatError]) -> None:
        self._lock = threading.Lock()
        self._children: list[Child] = []
        self._connections: list[Connection] = []
        self._failure: Exception | None = None
        self._ended: Future[None] = Future()
        self._out_of_time = out_of_time
        self._timer = threading.Timer(max(seconds, 0), self.strike)
        self._timer.daemon = True

    def child(self, child: Child) -> Child:
        """Keep a program, to end it when the run ends."""
        with self._lock:
            self._children.append(child)
            if self._failure:
                child.kill()
        return child

    def connection(self, connection: Connection) -> Connection:
        """Keep a connection, to cut it when the run ends."""
        with self._lock:
            self._connections.append(connection)
            if self._failure:
                _cut(connection)
        return connection

    def fail(self, error: Exception) -> None:
        """End the run for this reason, unless it has ended for another."""
        with self._lock:
            if self._failure:
                return
            self._failure = error
            for child in self._children:
                child.kill()
            for connection in self._connections:
                _cut(connection)
            self._ended.set_result(None)

    def strike(self) -> None:
        """End the run because its time is up."""
        self.fail(self._out_of_time())

    def call[T](self, work: Callable[[], T]) -> T:
        """Do what can't be woken, such as a request to S3, but wait no longer than the run lasts.

        When the run ends first, `work` gets a moment more and is then left to itself.

        Raises:
            Exception: what `work` raises, or why the run ended.
        """
        pool = ThreadPoolExecutor(1, thread_name_prefix="call")
        done = pool.submit(work)
        pool.shutdown(wait=False)
        either: tuple[Future[Any], ...] = (done, self._ended)
        wait(either, return_when=FIRST_COMPLETED)
        wait((done,), timeout=patience().last_call_seconds)
        if not done.done():
            self.check()
        return done.result()

    def pause(self, seconds: float) -> None:
        """Let time pass, but no longer than the run lasts.

        Raises:
            Exception: why the run ended.
        """
        wait((self._ended,), timeout=seconds)
        self.check()

    def check(self) -> None:
        """Raise the run's failure, if there is one."""
        if self._failure:
            raise self._failure

    def __enter__(self) -> Self:
        """Start the clock."""
        self._timer.start()
        _UNDER_WAY.add(self)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Stop the clock; raise the root of `error` where another failure came first."""
        self._timer.cancel()
        _UNDER_WAY.discard(self)
        if error is not None and self._failure is not None and error is not self._failure:
            raise self._failure from error


def strike_all() -> None:
    """Let the time of every run of this process be up now. For tests, which can't wait for it."""
    for watch in tuple(_UNDER_WAY):
        watch.strike()


def _cut(connection: Connection) -> None:
    """Shut the socket down, so that whoever waits on it wakes up; the owner closes it.

    The server notices a lost client only when it next writes to it, so a statement that is under
    way is cancelled first; where the network is gone that fails, and the cut has to do.
    """
    if connection.closed:
        return
    if connection.info.transaction_status == TransactionStatus.ACTIVE:
        with contextlib.suppress(psycopg.Error):
            connection.cancel_safe(timeout=patience().cancel_seconds)
    try:
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
    except (OSError, psycopg.Error):
        return  # closed by its owner in this very moment
    with duplicate:
        try:
            duplicate.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side has ended it already
