"""The server that a backup is restored into, or on which databases are swapped."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from lifeboat.errors import (
    BackupError,
    ConnectError,
    ConnectFailure,
    EventError,
    RestoreTargetError,
)
from lifeboat.postgres.connect import Connection, connect, open_again
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER
from lifeboat.postgres.redact import said
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.place import Place
from lifeboat.recovery.policy.secret_names import named_secret
from lifeboat.recovery.scratch import Scratch
from lifeboat.restore.policy.facts import TargetFacts
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.server_facts import read_facts
from lifeboat.runtime.patience import patience

_AGAIN = "Send the event again; if it repeats, look for that moment in the server's log."
_ELSEWHERE = ("postgres", "template1")
"""Databases from which others are made and renamed. The secret's own may be the one that is lost,
or the one that is to be renamed, which nobody may be connected to."""


@dataclass(frozen=True)
class Target:
    """A server that lets us in.

    Attributes:
        login: to a database of it that is neither the live one nor a copy.
        facts: what it told of itself.
    """

    login: Login
    facts: TargetFacts

    def place(self, run: RestoreRun) -> Place:
        """The server as the steps of a drill know it."""
        return Place(
            login=self.login,
            programs=run.means.programs,
            major=self.facts.major,
            version=self.facts.version,
            account=CALLER,
            require_alive=lambda: None,
        )

    @contextmanager
    def session(self, watch: Watch, database: str | None = None) -> Iterator[Connection]:
        """A connection to one of its databases, which the watch cuts when the run ends.

        Raises:
            RestoreTargetError: it can't be had, or the server refused a statement.
        """
        login = self.login.to(database) if database else self.login
        with (
            translated(login),
            closing(open_again(login, keep=watch.connection)) as connection,
        ):
            yield connection

    def end_sessions(self, database: str) -> None:
        """End what still works in a database that was given up, as far as the server is there.

        Killing a program doesn't end what the server does for it: that notices when it next writes
        to it, which for an index may be hours later. Should this fail, too, then DROP DATABASE ...
        WITH (FORCE) does it.
        """
        query: LiteralString = (
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            " WHERE datname = %s"
        )
        try:
            with closing(open_again(self.login)) as connection:
                connection.execute(query, [database])
        except (ConnectError, psycopg.Error):
            return


def open_target(
    run: RestoreRun, scratch: Scratch, watch: Watch, live: str, *, avoid: tuple[str, ...] = ()
) -> Target:
    """Log in to the server that was asked for and see what it is.

    Args:
        run: what was asked for.
        scratch: into which CA certificates go.
        watch: ends the run.
        live: the name of the database that the backup was taken of.
        avoid: further databases that we mustn't be connected to.

    Raises:
        EventError: the target is none of the secrets in the settings.
        RestoreTargetError: it can't be used.
    """
    login = watch.call(lambda: _read_login(run, scratch))
    own = login.endpoint.database
    names = [name for name in (*_ELSEWHERE, own) if name not in (live, *avoid)]
    last: ConnectError | None = None
    for name in dict.fromkeys(names):
        try:
            return _opened(run, login.to(name), watch, live)
        except ConnectError as error:
            last = error
            if error.reason is not ConnectFailure.THIS_DATABASE:
                break
    what = last.what if last else f"The server of {login.endpoint.host} has no other database."
    raise RestoreTargetError(what, todo=last.todo if last else "CREATE DATABASE postgres;")


def _opened(run: RestoreRun, login: Login, watch: Watch, live: str) -> Target:
    """Give up with half of the time left, so that the error can say why."""
    seconds = min(patience().wake_seconds, run.means.remaining() / 2)
    connection, login = watch.call(
        lambda: connect(lambda: login, keep=watch.connection, wake_seconds=seconds)
    )
    with closing(connection), translated(login):
        return Target(login, read_facts(connection, login.endpoint, live))


@contextmanager
def translated(login: Login) -> Iterator[None]:
    """Raise what the driver and the connecting raise as a restore's error.

    Raises:
        RestoreTargetError: the server refused, or the connection broke.
    """
    try:
        yield
    except ConnectError as error:
        raise RestoreTargetError(error.what, todo=error.todo) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise RestoreTargetError(
            f"The server refused: {said(error, login.endpoint)}",
            todo="Give `target` the secret of a role that may do it: the owner of the database, or"
            " the one that your provider calls its administrator.",
        ) from None
    except psycopg.Error as error:
        raise RestoreTargetError(
            "The server refused a statement, or the connection broke:"
            f" {said(error, login.endpoint)}",
            todo=_AGAIN,
        ) from None


def _read_login(run: RestoreRun, scratch: Scratch) -> Login:
    own, targets = run.database.secret_arn, run.settings.target_secret_arns
    wanted = run.event.target or (targets[0] if len(targets) == 1 else own)
    arn = named_secret(wanted, (own, *targets))
    if arn is None:
        raise EventError(
            f"The target {wanted} is not in the settings, so the function may not read it.",
            todo="Add its full ARN to restore.target_secret_arns in lifeboat.toml, then:"
            " make deploy."
            f" Those in the settings: {', '.join((own, *targets))}",
        )
    try:
        return run.means.read_login(arn, scratch.path)
    except BackupError as error:
        raise RestoreTargetError(error.what, todo=error.todo) from None
