"""The target of a drill that is an empty branch in Neon, made for it by a function with the key.

Without a branch the drill restores into a server of its own, and its report says why.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import LiteralString

from lifeboat.drill.policy.target import does_without
from lifeboat.drill.run import TARGET, DrillRun
from lifeboat.errors import BranchError, ConfigurationError, LifeboatError
from lifeboat.model.branches import BranchRequest
from lifeboat.model.drill_target import NEON_BRANCH, DrillBranch
from lifeboat.model.text import plural
from lifeboat.postgres.connect import connect, open_again, speaking_to
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.postgres.login import Login, login_to
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.runtime.timeouts import timeouts

_OTHERS: LiteralString = """
SELECT datname FROM pg_catalog.pg_database
WHERE datname NOT IN ('template0', 'template1', 'postgres', pg_catalog.current_database())
"""
"""Databases beside PostgreSQL's own, Neon's own, and the one that was made for the drill."""

_MAY_ENTER: LiteralString = """
SELECT pg_catalog.has_database_privilege(oid, 'CONNECT') FROM pg_catalog.pg_database
WHERE datname = 'postgres'
"""
_TABLES: LiteralString = """
SELECT count(*) FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm')
    AND n.nspname !~ '^(pg_|information_schema$|neon$|neon_migration$)'
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = c.oid AND d.deptype = 'e'
    )
"""
"""Tables that somebody has made in Neon's own database, which its API neither lists nor deletes."""


@contextmanager
def own_branch(run: DrillRun) -> Iterator[None]:
    """Make the branch that the drill restores into, if it is to; it is deleted in every case.

    Raises:
        TerminatedError: the process was asked to end.
        TimeLimitError: the time was up.
    """
    if run.wanted_target != NEON_BRANCH:
        yield
        return
    request = BranchRequest(
        action="create",
        purpose="drill",
        database=run.event.database,
        run=run.run_id,
        engine=run.engine,
    )
    with ExitStack() as made:
        made.callback(_delete, run, request)
        try:
            with run.phases.timed("branch"):
                run.scope.call(lambda: _open(run, request))
        except LifeboatError as error:
            if not does_without(error):
                raise
            made.close()  # at once, and not after a long drill
            run.log("drill.no_branch", {"reason": error.what, "next": error.todo})
            run.do_without_branch(error)
        yield


def _open(run: DrillRun, request: BranchRequest) -> None:
    """Have the branch made, and see that it is one to restore into.

    Raises:
        BranchError: there is none, or it is not what it has to be.
        SecretError: how to connect can't be read.
        ServerError: it can't be reached.
    """
    answer = run.branches.create(request)
    if answer.branch is None or answer.name is None:
        raise BranchError("No branch was made.", todo="Read the log of <stack>-neon-broker.")
    branch = DrillBranch(project_id=answer.branch.project_id, id=answer.branch.id, name=answer.name)
    endpoint = _endpoint(run.branches.connection(answer.secret_version))
    if endpoint.digest == run.manifest.source.endpoint:
        raise BranchError(
            "Neon's connection to the branch leads to the server that the backup was taken from.",
            todo="Look at the branches in the Neon console, and report it.",
        )
    run.login = login_to(endpoint, run.scratch.path)
    _require_empty(run, run.login)
    run.branch = branch


def _delete(run: DrillRun, request: BranchRequest) -> None:
    """Have it deleted, even if nobody knows whether it was made. What fails ends by itself."""
    branch = run.branch.id if run.branch else None
    try:
        run.branches.delete(request.model_copy(update={"action": "delete", "branch": branch}))
    except BranchError as error:
        run.log("drill.branch_not_deleted", {"reason": error.what, "next": error.todo})


def _endpoint(uri: str) -> Endpoint:
    """Where the branch is; over a network its certificate is verified.

    Raises:
        BranchError: it is no connection that PostgreSQL's programs can use.
    """
    endpoint: Endpoint | None = None
    try:
        endpoint = check_endpoint(parse_secret(uri))[0]
    except ConfigurationError:
        endpoint = None
    if endpoint is None:  # outside of `except`: the error's text may quote the secret
        raise BranchError(
            "The secret of the branch has no direct connection URL.",
            todo="Deploy the stack again (make deploy). If it repeats, report it.",
        )
    if endpoint.is_local:
        return endpoint
    return replace(endpoint, sslmode="verify-full", system_ca=True)


def _require_empty(run: DrillRun, login: Login) -> None:
    """Raise if anybody's data are on the branch: code in the backup could read them there.

    Raises:
        BranchError: there are other databases, or tables in Neon's own one.
        ServerError: it can't be reached.
    """
    with speaking_to(login, TARGET):
        seconds = min(timeouts().wake_seconds, run.remaining() / 2)
        connection, _ = connect(
            lambda: login, register=run.scope.add_connection, wake_seconds=seconds
        )
        with closing(connection):
            others = len(connection.execute(_OTHERS).fetchall())
            may_enter = (True,) in connection.execute(_MAY_ENTER).fetchall()
        tables = _tables_in_postgres(run, login) if may_enter else 0
    if tables:
        raise BranchError(
            f"The database postgres of the branch has {plural(tables, 'table')}, which code in a"
            " backup could read. Neon neither lists nor deletes that database.",
            todo="Move them into a database of their own, or let drills use their own server:"
            ' drill_target = "embedded" in lifeboat.toml, then make deploy.',
        )
    if others:
        raise BranchError(
            f"The branch still has {plural(others, 'other database')}, which code in a backup"
            " could read. Neon deletes only those that it knows.",
            todo="Look in the Neon console at the databases of the branch that the backups are of:"
            " those that are missing there were made by SQL, and a drill can't do without them.",
        )


def _tables_in_postgres(run: DrillRun, login: Login) -> int:
    with closing(open_again(login.to("postgres"), register=run.scope.add_connection)) as connection:
        return sum(int(str(row[0])) for row in connection.execute(_TABLES).fetchall())
