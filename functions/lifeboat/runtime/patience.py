"""How long the product waits for others, all in one place, and the only way to shorten it.

A run's own time is no matter of this module: its settings say that, and its watch keeps it. Here
are the waits inside of it, such as the one for a server that was told to stop. They are the same in
every deployment. Tests shorten them with `set_testing`, and wait for the rest like everybody else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds, each of them the longest wait of its kind.

    Attributes:
        cancel_seconds: for a server that is asked to cancel a statement when its run has ended.
        last_call_seconds: more for a request that is under way when its run ends.
        settle_seconds: for parts that are under way when their upload is given up.
        abort_seconds: for S3 to forget an upload.
        overtime_seconds: for a part, past the run's end, so that its own clock tells the reason.
        other_run_seconds: for the manifest of another run that was first.
        other_run_pause_seconds: between two looks for it.
        wake_seconds: for a serverless database that has to wake up.
        wake_pause_seconds: between two tries to connect to it.
        dump_lock_seconds: for pg_dump's locks. The snapshot's holder has locked every table
            already, so it gets them at once or, when a statement queued up in between, never.
        load_lock_seconds: for the tables that rows are loaded into.
        swap_lock_seconds: for the databases that change their names.
        server_start_seconds: for a drill's own server to be ready.
        server_stop_seconds: for it to stop.
        server_death_seconds: for the end of one that has just closed its sockets.
        report_seconds: for storing a drill's report when its time is over; they are of those that
            the entry point keeps back from Lambda's own time-out.
        second_try_seconds: before a backup that failed is tried once more.
        attempt_seconds: for one request by which a run records how it went, or tells people.
        webhook_connect_seconds: for a webhook to accept a connection.
        webhook_read_seconds: for its answer.
    """

    cancel_seconds: float = 3.0
    last_call_seconds: float = 2.0
    settle_seconds: float = 5.0
    abort_seconds: float = 4.0
    overtime_seconds: float = 1.0
    other_run_seconds: float = 10.0
    other_run_pause_seconds: float = 1.0
    wake_seconds: float = 60.0
    wake_pause_seconds: float = 2.0
    dump_lock_seconds: float = 2.0
    load_lock_seconds: float = 10.0
    swap_lock_seconds: float = 10.0
    server_start_seconds: float = 30.0
    server_stop_seconds: float = 8.0
    server_death_seconds: float = 0.2
    report_seconds: float = 10.0
    second_try_seconds: float = 60.0
    attempt_seconds: float = 4.0
    webhook_connect_seconds: float = 5.0
    webhook_read_seconds: float = 10.0


class _Current:
    """What is waited at the moment: always the whole of it, except in tests."""

    patience = Patience()


def patience() -> Patience:
    """How long to wait, to be asked anew at each wait."""
    return _Current.patience


@contextmanager
def set_testing(**seconds: float) -> Iterator[None]:
    """Change some of these waits, in all threads, until the block is left. For tests only.

    Blocks may be nested; each leaves what it found.

    Args:
        seconds: the new waits by their names in `Patience`.
    """
    before = _Current.patience
    _Current.patience = replace(before, **seconds)
    try:
        yield
    finally:
        _Current.patience = before


def milliseconds(seconds: float) -> str:
    """The wait as PostgreSQL's settings and programs take it."""
    return f"{round(seconds * 1000)}ms"
