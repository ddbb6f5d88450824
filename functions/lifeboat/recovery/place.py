"""A server to restore into, as the steps that drills and restores share know it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass

import psycopg

from lifeboat.errors import BackupError, TargetError
from lifeboat.postgres.connect import Connection, open_again
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Account, Programs
from lifeboat.postgres.redact import said
from lifeboat.postgres.watch import Watch


@dataclass(frozen=True)
class Place:
    """A server to restore into.

    Attributes:
        login: to a database of it that is there already, as who makes and drops databases.
        programs: of PostgreSQL, where `account` can reach them.
        major: of the server, and so of the pg_restore to be used.
        version: as the server calls itself.
        account: whom programs run as.
        require_alive: raises when it was the drill's own and has died.
    """

    login: Login
    programs: Programs
    major: int
    version: str
    account: Account
    require_alive: Callable[[], None]

    @property
    def own(self) -> bool:
        """Whether the server is the drill's own."""
        return False

    @property
    def reader(self) -> Login:
        """As who compares and asks: no superuser where the server is the drill's own."""
        return self.login

    def session(
        self, watch: Watch, database: str | None = None
    ) -> AbstractContextManager[Connection]:
        """A connection to one of its databases, which the watch cuts when the drill ends.

        Raises:
            TargetError: it can't be had, or the server refused a statement.
            ScratchServerError: it was the drill's own, and has died.
        """
        return self._session(watch, self.login.to(database) if database else self.login)

    def reading(self, watch: Watch, copy: str) -> AbstractContextManager[Connection]:
        """A connection to the restored copy, in which its code has no more than a reader's rights.

        Raises:
            TargetError: it can't be had, or the server refused a statement.
            ScratchServerError: it was the drill's own, and has died.
        """
        return self._session(watch, self.reader.to(copy))

    @contextmanager
    def _session(self, watch: Watch, login: Login) -> Iterator[Connection]:
        try:
            with (
                translated(login),
                closing(open_again(login, keep=watch.connection)) as connection,
            ):
                yield connection
        except TargetError:
            self.require_alive()
            raise


@contextmanager
def translated(login: Login) -> Iterator[None]:
    """Raise what the driver and the connecting raise as a fault of the server restored into.

    Raises:
        TargetError: the server refused, or the connection broke.
    """
    try:
        yield
    except BackupError as error:
        raise TargetError(error.what, todo=error.todo) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise TargetError(
            f"The target refused: {said(error, login.endpoint)}",
            todo=f'Let the role make databases: ALTER ROLE "{login.endpoint.user}" CREATEDB;',
        ) from None
    except psycopg.Error as error:
        raise TargetError(
            "The server that the backup is restored into refused a statement, or the connection"
            f" broke: {said(error, login.endpoint)}",
            todo="Invoke the drill again; if it repeats, look for that moment in the server's log.",
        ) from None
