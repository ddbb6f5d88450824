"""Reads what is in the databases of a branch: rows of each table, and definitions.

It logs in as the owner of each database, with a password that Neon's API gives for this branch. It
only reads: a read-only transaction, and pg_dump of the definitions, which locks no writer out.
"""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import cast

import psycopg
from psycopg import sql

from lifeboat.errors import (
    DumpError,
    EndpointError,
    LifeboatError,
    PlatformError,
    ProviderError,
    SecretError,
    ServerError,
    TimeLimitError,
)
from lifeboat.model.identifiers import qualified
from lifeboat.model.text import line
from lifeboat.neon.records import Database
from lifeboat.neon_restore.policy.contents import DatabaseContents, TableRows, digests
from lifeboat.neon_restore.run import NeonRestoreRun
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.connect import Connection, ServerRole, connect, require_major, speaking_to
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.jail import REMOTE
from lifeboat.postgres.login import Login, login_to
from lifeboat.postgres.programs import DUMP_ENV, Process
from lifeboat.postgres.redact import redacted_message
from lifeboat.postgres.snapshot import Relation, list_relations
from lifeboat.recovery.archive_toc import entries_in
from lifeboat.runtime.timeouts import milliseconds, timeouts

MAX_DATABASES = 20
"""More databases of a branch are named, and not read."""

_COUNTING = 0.7
"""The part of a database's time that may pass while its rows are counted."""

_BRANCH = ServerRole(name="The branch", again="Try again; nothing was changed there.")

_SLOTS = """
SELECT slot_name::text FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical' ORDER BY 1
"""

_UNREADABLE = (
    EndpointError,
    PlatformError,
    ProviderError,
    SecretError,
    ServerError,
    TimeLimitError,
)
"""What keeps one database from being read; the others may be readable."""


@dataclass(frozen=True)
class BranchContents:
    """What is in a branch.

    Attributes:
        databases: all of them, those too that could not be read.
        slots: its logical replication slots; None if no database could be read.
    """

    databases: tuple[DatabaseContents, ...]
    slots: tuple[str, ...] | None


def read_contents(run: NeonRestoreRun, branch_id: str, seconds: float) -> BranchContents:
    """What is in all databases of a branch. What can't be read is named, with the reason.

    Args:
        run: that wants to know.
        branch_id: of the branch, whose compute wakes up for it.
        seconds: for all databases together.

    Raises:
        ProviderError: Neon does not say which databases there are.
    """
    end = time.monotonic() + seconds
    databases = sorted(run.neon.databases(branch_id), key=lambda each: each.name)
    found, slots = [], None
    for number, each in enumerate(databases):
        if number >= MAX_DATABASES:
            found.append(DatabaseContents(database=each.name, problem="there are too many"))
            continue
        share = (end - time.monotonic()) / (min(len(databases), MAX_DATABASES) - number)
        try:
            contents, its_slots = _read(run, branch_id, each, max(1.0, share))
        except _UNREADABLE as error:
            problem = f"{each.name} could not be read: {error.what}"
            contents = DatabaseContents(database=each.name, problem=line(problem))
        else:
            slots = its_slots
        found.append(contents)
    return BranchContents(tuple(found), slots)


def _read(
    run: NeonRestoreRun, branch_id: str, database: Database, seconds: float
) -> tuple[DatabaseContents, tuple[str, ...]]:
    login = _login(run, branch_id, database)
    counted_until = time.monotonic() + seconds * _COUNTING
    with CancelScope(seconds, _out_of_time) as scope:
        connection, login = connect(
            lambda: login,
            register=scope.add_connection,
            wake_seconds=min(timeouts().wake_seconds, seconds / 2),
        )
        with closing(connection), speaking_to(login, _BRANCH):
            tables = _count(connection, login, counted_until)
            slots = tuple(str(name) for (name,) in connection.execute(_SLOTS))
            definitions, problem = _definitions(run, scope, connection, login)
    return (
        DatabaseContents(
            database=database.name,
            tables=tables,
            definitions=None if definitions is None else dict(definitions),
            problem=problem,
        ),
        slots,
    )


def _login(run: NeonRestoreRun, branch_id: str, database: Database) -> Login:
    found = run.neon.connection_uri(branch_id, database=database.name, role=database.owner_name)
    try:
        return login_to(parse_secret(found.uri), run.folder)
    except (EndpointError, SecretError):
        pass
    # Outside of `except`: errors about a URI may quote a part of it.
    raise EndpointError(
        "Neon's connection URI is none that Lifeboat can use.",
        todo="Update Lifeboat (git pull && make deploy), then try again.",
    )


def _out_of_time() -> TimeLimitError:
    return TimeLimitError("The time for reading it was over.", todo="Try again.")


def _count(connection: Connection, login: Login, until: float) -> tuple[TableRows, ...]:
    """The rows of each table in one snapshot, small tables first."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    leaves = [each for each in list_relations(connection) if not each.partitioned]
    sizes = cast(
        "dict[int, int]",
        dict(connection.execute("SELECT oid::bigint, relpages FROM pg_catalog.pg_class")),  # type: ignore[arg-type]
    )
    leaves.sort(key=lambda each: sizes.get(each.oid, 0))
    counted = tuple(_rows(connection, login, each, until) for each in leaves)
    connection.execute("COMMIT")
    return counted


def _rows(connection: Connection, login: Login, relation: Relation, until: float) -> TableRows:
    table = qualified(relation.schema, relation.name)
    left = until - time.monotonic()
    if left <= 0:
        return TableRows(table=table, rows=None, reason="not counted: the time was over")
    limits = sql.SQL("SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}").format(
        sql.Literal(milliseconds(max(left, 0.001))),
        sql.Literal(milliseconds(timeouts().load_lock_seconds)),
    )
    query = sql.SQL("SELECT pg_catalog.count(*) FROM ONLY {}").format(relation.identifier)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(limits)
            row = connection.execute(query).fetchone()
    except psycopg.errors.QueryCanceled:
        return TableRows(table=table, rows=None, reason="not counted: it took too long")
    except psycopg.Error as error:
        if connection.closed:
            raise
        reason = f"not counted: {redacted_message(error, login.endpoint)}"
        return TableRows(table=table, rows=None, reason=reason)
    return TableRows(table=table, rows=cast("int", row[0]) if row else 0)


def _definitions(
    run: NeonRestoreRun, scope: CancelScope, connection: Connection, login: Login
) -> tuple[Mapping[str, tuple[str, ...]] | None, str | None]:
    """Digests of the definitions; or None, and why there are none."""
    try:
        major = require_major(connection, run.programs.majors())
        return digests(entries_in(_dump(run, scope, login, major))), None
    except (LifeboatError, psycopg.Error) as error:
        scope.check()
        if isinstance(error, psycopg.Error):
            raise
        return None, line(f"The definitions could not be read: {error.what}")


def _dump(run: NeonRestoreRun, scope: CancelScope, login: Login, major: int) -> bytes:
    argv = [
        str(run.programs.path("pg_dump", major)),
        "--format=custom",
        "--schema-only",
        "--compress=0",
        "--encoding=UTF8",
        f"--lock-wait-timeout={milliseconds(timeouts().load_lock_seconds)}",
        "--no-password",
    ]
    child = Process(argv, env={**DUMP_ENV, **login.environment()}, jail=REMOTE)
    with scope.add_process(child):
        archive = child.read_all()
        code = child.wait()
        scope.check()
        if code:
            raise DumpError(
                f"pg_dump ended with {code}: {child.stderr_tail()}",
                todo="See what pg_dump names; the rows were counted.",
            )
    return archive
