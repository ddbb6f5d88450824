"""Transactions whose end is known: if COMMIT isn't answered, a new session asks what became of it.

The connection may break after the server got the COMMIT and before its answer arrived. Then the
transaction may have been committed or undone, and only the server knows which.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from lifeboat.errors import LifeboatError, StatementError
from lifeboat.postgres.connect import Connection, connect, speaking_to
from lifeboat.postgres.redact import redacted_message
from lifeboat.restore.run import RestoreRun
from lifeboat.runtime.timeouts import timeouts

_PAUSE_SECONDS = 0.2
_IN_PROGRESS = "in progress"


@dataclass(frozen=True, kw_only=True)
class CommitWords:
    """What errors say about the end of a transaction.

    Attributes:
        undone: what is safe when the server has undone it.
        unknown: what is safe when nobody could ask the server.
        look: what to do then to see whether it was committed.
    """

    undone: str
    unknown: str
    look: str


@contextmanager
def certain_transaction(
    run: RestoreRun, connection: Connection, words: CommitWords
) -> Iterator[None]:
    """Commit what the block does; leaves without an error only if it was committed.

    Raises:
        StatementError: the connection broke during COMMIT: the transaction was undone, or nobody
            could ask; `safe` says which.
        psycopg.Error: the block failed, or the server refused COMMIT; the transaction was undone.
        LifeboatError: the run has ended; if during COMMIT, `safe` says that the end is unknown.
    """
    transaction = None
    try:
        with connection.transaction():
            yield
            run.scope.check()
            transaction = transaction_id(connection)
    except psycopg.Error as error:
        if transaction is None or not connection.closed:
            raise  # COMMIT was not sent, or the server has refused it
        if was_committed(run, transaction, words):
            return
        said = redacted_message(error, run.login.endpoint)
        raise StatementError(
            f"The connection broke before the transaction was committed: {said}",
            safe=words.undone,
            todo=run.server_role.again,
        ) from None


def transaction_id(connection: Connection) -> str:
    """The number of the connection's open transaction, unique on its server."""
    row = connection.execute("SELECT pg_catalog.pg_current_xact_id()::text").fetchone()
    return str(row and row[0])


def was_committed(run: RestoreRun, transaction: str, words: CommitWords) -> bool:
    """Whether a transaction was committed; asks in a new session, and waits for its end.

    Raises:
        LifeboatError: nobody could ask within `commit_seconds`, or the server doesn't know it, or
            the run has ended. `safe` says that the end is unknown, `todo` how to see it.
    """
    try:
        with run.own_failure():
            return _final_state(run, transaction) == "committed"
    except LifeboatError as error:
        raise error.unsure(words.unknown, words.look) from None


def _final_state(run: RestoreRun, transaction: str) -> str:
    """`committed` or `aborted`, from a server that may have to restart first."""
    run.scope.check()
    seconds = timeouts().commit_seconds
    give_up = time.monotonic() + seconds
    connection, _ = run.scope.call(
        lambda: connect(lambda: run.login, register=run.scope.add_connection, wake_seconds=seconds)
    )
    with closing(connection), speaking_to(run.login, run.server_role):
        while (state := _state(connection, transaction)) == _IN_PROGRESS:
            if time.monotonic() >= give_up:
                break
            run.scope.pause(_PAUSE_SECONDS)
    if state in ("committed", "aborted"):
        return state
    raise StatementError(
        "The connection broke during COMMIT, and the server says of the transaction:"
        f" {state or 'unknown'}.",
        todo=run.server_role.again,
    )


def _state(connection: Connection, transaction: str) -> str | None:
    """What the server knows of a transaction; None if it is too long ago."""
    row = connection.execute("SELECT pg_catalog.pg_xact_status(%s::xid8)", [transaction]).fetchone()
    return str(row[0]) if row and row[0] else None
