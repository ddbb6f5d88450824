"""Gets a database ready for a backup: connected, of a known major, direct and readable."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from lifeboat.backup.privileges import require_names, require_readable
from lifeboat.backup.run import BackupRun
from lifeboat.postgres.connect import (
    Connection,
    connect,
    open_again,
    require_major,
    require_own_sessions,
    speaking_to,
)
from lifeboat.postgres.login import Login
from lifeboat.runtime.patience import patience


@dataclass(frozen=True)
class ReadyDatabase:
    """A database that has been found fit for a backup.

    Attributes:
        login: what let us in.
        scout: a connection for looking around.
        holder: one that will hold the snapshot.
        major: the server's.
    """

    login: Login
    scout: Connection
    holder: Connection
    major: int


@contextmanager
def ready_database(run: BackupRun) -> Iterator[ReadyDatabase]:
    """Connect twice and check that this database can be backed up, and by this role.

    Raises:
        BackupError: it can't be reached, read or dumped; see the subclasses.
    """
    with ExitStack() as stack:
        with run.phases.timed("connect"):
            scout, login = _connect(run)
            stack.enter_context(speaking_to(login))
            stack.enter_context(closing(scout))
            major = require_major(scout, run.programs.majors())
            holder = run.watch.call(lambda: open_again(login, keep=run.watch.connection))
            stack.enter_context(closing(holder))
            require_own_sessions(scout, holder, login)
        with run.phases.timed("preflight"):
            require_names(scout)
            require_readable(scout, login.endpoint.user)
        yield ReadyDatabase(login, scout, holder, major)


def _connect(run: BackupRun) -> tuple[Connection, Login]:
    """Give up with half of the time left, so that the error can say why."""
    seconds = min(patience().wake_seconds, run.remaining() / 2)
    return run.watch.call(
        lambda: connect(run.login, keep=run.watch.connection, wake_seconds=seconds)
    )
