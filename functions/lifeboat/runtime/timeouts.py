"""How long a run waits for others: all timeouts in one place, and the only way to shorten them.

How long a run itself may take is not here: its settings say that, its `CancelScope` enforces it.
Here are the waits inside a run, such as the one for a server that was asked to stop. They are the
same in every deployment. Only tests shorten them, with `set_testing`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """The longest waits, in seconds.

    Attributes:
        cancel_seconds: for a server to cancel a statement when its run has ended.
        last_call_seconds: for a request that is in flight when its run ends.
        settle_seconds: for parts that are in flight when their upload is abandoned.
        abort_seconds: for S3 to abort an upload.
        overtime_seconds: for a part, beyond the run's end, so that the run's own error comes first.
        other_run_seconds: for the manifest of another run that was first.
        other_run_pause_seconds: between two checks for it.
        wake_seconds: for a serverless database to wake up.
        wake_pause_seconds: between two attempts to connect to it.
        dump_lock_seconds: for pg_dump's locks. The snapshot has locked every table already, so
            pg_dump gets its locks at once or, if a statement queued up in between, never.
        load_lock_seconds: for locks on the tables that rows are loaded into.
        swap_lock_seconds: for locks on the databases that are renamed.
        commit_seconds: to find out what became of a COMMIT that was not answered.
        server_start_seconds: for a drill's own server to be ready.
        server_stop_seconds: for it to stop.
        server_death_seconds: for a server to exit after it has closed its sockets.
        report_seconds: to store a drill's report when its time is over. The handler's reserve
            before Lambda's timeout covers this.
        hand_over_seconds: for CodeBuild to start a job for a drill whose time is over; that reserve
            covers it, too.
        retry_pause_seconds: before the retry of a failed backup.
        attempt_seconds: for one request that records a run's result, or notifies people of it.
        webhook_connect_seconds: for a webhook to accept a connection.
        webhook_read_seconds: for its answer.
        provider_connect_seconds: for a provider's API to accept a connection.
        provider_read_seconds: for its answer.
        provider_call_seconds: after these, a request to it is not repeated any more.
        provider_pause_seconds: before the first retry, if the API names no time.
        provider_poll_seconds: between two looks at an operation of the provider.
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
    commit_seconds: float = 10.0
    server_start_seconds: float = 30.0
    server_stop_seconds: float = 8.0
    server_death_seconds: float = 0.2
    report_seconds: float = 10.0
    hand_over_seconds: float = 10.0
    retry_pause_seconds: float = 60.0
    attempt_seconds: float = 4.0
    webhook_connect_seconds: float = 5.0
    webhook_read_seconds: float = 10.0
    provider_connect_seconds: float = 5.0
    provider_read_seconds: float = 20.0
    provider_call_seconds: float = 60.0
    provider_pause_seconds: float = 0.5
    provider_poll_seconds: float = 1.0


class _Current:
    """The timeouts in force: always the defaults, except in tests."""

    timeouts = Timeouts()


def timeouts() -> Timeouts:
    """The timeouts in force. Call it for each wait."""
    return _Current.timeouts


@contextmanager
def set_testing(**seconds: float) -> Iterator[None]:
    """Change some timeouts, in all threads, until the block is left. For tests only.

    Blocks may be nested; each restores what it found.

    Args:
        seconds: the new values by their names in `Timeouts`.
    """
    before = _Current.timeouts
    _Current.timeouts = replace(before, **seconds)
    try:
        yield
    finally:
        _Current.timeouts = before


def milliseconds(seconds: float) -> str:
    """Seconds in the format of PostgreSQL's settings and programs."""
    return f"{round(seconds * 1000)}ms"
