"""Connects to the source, and checks that it can be backed up."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from lifeboat.backup.estimate import require_time as require_fitting_time
from lifeboat.backup.large_objects import forecast_large_objects
from lifeboat.backup.policy.large_objects import require_time
from lifeboat.backup.privileges import require_names, require_readable
from lifeboat.backup.run import BackupRun
from lifeboat.errors import LifeboatError
from lifeboat.model.source_branch import SourceBranch
from lifeboat.postgres.connect import (
    SOURCE,
    Connection,
    connect,
    open_again,
    require_major,
    require_own_sessions,
    speaking_to,
)
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import Login
from lifeboat.postgres.source import OpenSource
from lifeboat.runtime.timeouts import timeouts


@dataclass(frozen=True)
class SourceConnections:
    """Connections to a database that can be backed up.

    Attributes:
        login: that worked.
        catalog_conn: for catalog queries outside of the snapshot.
        snapshot_conn: holds the snapshot.
        major: of the server.
        database: where the database itself is.
        branch: the branch that is read in its place; None if it is read itself.
    """

    login: Login
    catalog_conn: Connection
    snapshot_conn: Connection
    major: int
    database: Endpoint
    branch: SourceBranch | None


@contextmanager
def connect_source(run: BackupRun) -> Iterator[SourceConnections]:
    """Connect twice and check that this database can be backed up, and by this role.

    Raises:
        OutgrownError: there are more large objects than pg_dump can read in the time left; or the
            run may become a job, and probably won't fit into a function's time.
        EndpointError: it leads to a connection pooler.
        ServerError: it can't be reached, read or dumped; see the subclasses.
    """
    with ExitStack() as stack:
        opened, catalog_conn, login = _reach(run)
        stack.enter_context(speaking_to(login, SOURCE))
        stack.enter_context(closing(catalog_conn))
        major = require_major(catalog_conn, run.programs.majors())
        # A connection takes many round trips: the next one is opened during these checks.
        with run.scope.alongside(lambda: _connect_again(run, login, stack)) as opening:
            with run.phases.timed("preflight"):
                require_names(catalog_conn)
                require_readable(catalog_conn, login.endpoint.user)
            snapshot_conn = opening.result()
        require_own_sessions(catalog_conn, snapshot_conn, login)
        # Not during the connecting: its work could make every round trip look slow.
        with run.phases.timed("large objects"):
            _require_time_for_large_objects(run, catalog_conn)
        if run.may_become_job:
            with run.phases.timed("estimate"):
                require_fitting_time(run, catalog_conn)
        yield SourceConnections(
            login,
            catalog_conn,
            snapshot_conn,
            major,
            database=opened.database or login.endpoint,
            branch=opened.branch,
        )


def _connect_again(run: BackupRun, login: Login, stack: ExitStack) -> Connection:
    """Another connection, which the stack closes."""
    connection = run.scope.call(lambda: open_again(login, register=run.scope.add_connection))
    return stack.enter_context(closing(connection))


def _require_time_for_large_objects(run: BackupRun, connection: Connection) -> None:
    run.large_objects = forecast_large_objects(connection, run.remaining())
    if run.large_objects:
        minutes = run.settings.backup.timeout_minutes
        require_time(run.large_objects, run.engine, timeout_minutes=minutes)


def _reach(run: BackupRun) -> tuple[OpenSource, Connection, Login]:
    """Open the source and connect to it; to the database itself if there is no copy of it."""
    try:
        return _open(run)
    except LifeboatError as error:
        if not run.chosen.fall_back(error, run.remaining()):
            raise
        run.log("backup.no_branch", {"reason": error.what, "next": error.todo})
    return _open(run)


def _open(run: BackupRun) -> tuple[OpenSource, Connection, Login]:
    opened = _opened(run)
    with run.phases.timed("connect"):
        return opened, *_connect(run, opened)


def _opened(run: BackupRun) -> OpenSource:
    """The source; a copy takes its time, and the database itself none."""
    source = run.chosen.current
    if source is not run.chosen.copy:
        return source.open()
    with run.phases.timed("branch"):
        return run.scope.call(source.open)


def _connect(run: BackupRun, source: OpenSource) -> tuple[Connection, Login]:
    """Connect within half of the time left, so that there is time to report an error."""
    seconds = min(timeouts().wake_seconds, run.remaining() / 2)
    return run.scope.call(
        lambda: connect(source.read_login, register=run.scope.add_connection, wake_seconds=seconds)
    )
