"""Cancels everything that a run has started: at its first failure, or when its time is up.

A run waits in many places at once: for pg_dump's bytes, for the decoder to take them, for a query,
for S3. Lambda's own timeout would kill the process without running any code, and might leave child
processes to the next invocation. So the run ends itself a little earlier: it kills its programs and
shuts down the sockets of its connections. That wakes every wait except those for DNS, for a new
connection and for S3. These have long timeouts of their own, so they run in a thread that the run
abandons when it ends.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import psycopg
from psycopg.pq import TransactionStatus

from lifeboat.errors import LifeboatError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.programs import Process
from lifeboat.runtime.timeouts import timeouts

# It warns of each connection that it can't roll back because we have shut it down: on the standard
# error of a job, before the lines that tell a person why.
logging.getLogger("psycopg").setLevel(logging.ERROR)

_ACTIVE: WeakSet["CancelScope"] = WeakSet()
"""The scopes that are open in this process."""


class CancelScope:
    """Holds what a run has started. The first failure wins and cancels all of it.

    As a context manager it raises that first failure, not the errors that the cancelling caused.

    Args:
        seconds: how long the run may take.
        out_of_time: makes the error to raise when the time is up.
    """

    def __init__(self, seconds: float, out_of_time: Callable[[], LifeboatError]) -> None:
        self._lock = threading.Lock()
        self._children: list[Process] = []
        self._connections: list[Connection] = []
        self._failure: Exception | None = None
        self._translatable: Exception | None = None
        self._ended: Future[None] = Future()
        self._out_of_time = out_of_time
        self._timer = threading.Timer(max(seconds, 0), self.expire)
        self._timer.daemon = True

    def add_process(self, child: Process) -> Process:
        """Kill this program when the run ends."""
        with self._lock:
            self._children.append(child)
            if self._failure:
                child.kill()
        return child

    def add_connection(self, connection: Connection) -> Connection:
        """Shut this connection down when the run ends."""
        with self._lock:
            self._connections.append(connection)
            if self._failure:
                _shut_down(connection)
        return connection

    def fail(self, error: Exception) -> None:
        """End the run with this error, unless it has ended already."""
        with self._lock:
            if self._failure:
                return
            self._failure = error
            for child in self._children:
                child.kill()
            for connection in self._connections:
                _shut_down(connection)
            self._ended.set_result(None)

    def expire(self) -> None:
        """End the run because its time is up."""
        self.fail(self._out_of_time())

    def call[T](self, work: Callable[[], T]) -> T:
        """Run what can't be interrupted, such as a request to S3, in a thread, and wait for it.

        When the run ends first, `work` gets a moment more; then the thread is abandoned.

        Raises:
            Exception: what `work` raises, or why the run ended.
        """
        pool = ThreadPoolExecutor(1, thread_name_prefix="call")
        done = pool.submit(work)
        pool.shutdown(wait=False)
        either: tuple[Future[Any], ...] = (done, self._ended)
        wait(either, return_when=FIRST_COMPLETED)
        wait((done,), timeout=timeouts().last_call_seconds)
        if not done.done():
            self.check()
        return done.result()

    @contextmanager
    def alongside[T](self, work: Callable[[], T]) -> Iterator[Future[T]]:
        """Run `work` in a thread while the block runs. A failure of either ends the run.

        The thread has ended when the block is left: what it does has to be part of the run.

        Raises:
            Exception: the failure that was first, not its consequences in the other.
        """

        def guarded() -> T:
            try:
                return work()
            except Exception as error:
                self.fail(error)
                raise

        with ThreadPoolExecutor(1, thread_name_prefix="alongside") as pool:
            future = pool.submit(guarded)
            try:
                yield future
            except Exception as error:
                self._translatable = error
                self.fail(error)
                self.check()
                raise

    def pause(self, seconds: float) -> None:
        """Sleep, but only as long as the run lasts.

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
        _ACTIVE.add(self)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Stop the clock; raise the first failure if `error` is only its consequence."""
        self._timer.cancel()
        _ACTIVE.discard(self)
        if error is None or self._failure is None or error is self._failure:
            return
        if self._failure is self._translatable:
            return  # it has come here by the blocks around it, which have put it into our words
        raise self._failure from error


def expire_all() -> None:
    """Let the time of every open scope be up now. For tests, which can't wait for it."""
    for scope in tuple(_ACTIVE):
        scope.expire()


def _shut_down(connection: Connection) -> None:
    """Shut the socket down, which wakes whoever waits on it. Its owner closes it.

    The server notices a lost client only when it next writes to it, so a running statement is
    cancelled first. Without a network that fails, and closing the socket has to be enough.
    """
    if connection.closed:
        return
    if connection.info.transaction_status == TransactionStatus.ACTIVE:
        with contextlib.suppress(psycopg.Error):
            connection.cancel_safe(timeout=timeouts().cancel_seconds)
    try:
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
    except (OSError, psycopg.Error):
        return  # closed by its owner in this very moment
    with duplicate:
        try:
            duplicate.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the other side has ended it already
