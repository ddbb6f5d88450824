"""Makes the roles of a database: first for trial, later for good; and checks them by logging in."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from lifeboat.backup.privileges import require_names, require_readable
from lifeboat.model.redact import without
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import login_to
from lifeboat.settings.providers import provider_of
from lifeboat_setup.role_sql import RoleSql
from lifeboat_setup.survey import connected
from lifeboat_setup.urls import SetupError

_PLAIN_ONLY = "only supports being given plaintext passwords"
"""Neon's refusal of a password that is hashed already, at COMMIT: its control plane wants to know
every password. Other servers get the SCRAM verifier, so that no log of theirs has the password."""

_PLAIN_PROVIDERS = {"neon"}

_ROLE: LiteralString = """
SELECT rolsuper, rolcreatedb OR rolsuper, rolbypassrls OR rolsuper,
       pg_catalog.current_setting('default_transaction_read_only') = 'on'
FROM pg_catalog.pg_roles WHERE rolname = current_user
"""

_WRITABLE: LiteralString = """
SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
"""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the server says to the SQL of a role.

    Attributes:
        exists: whether a role of that name is there already; then nothing was tried.
        refused: statements among `wanted` that the server refused.
        failure: why the role can't be made; None if it can.
    """

    exists: bool = False
    refused: tuple[str, ...] = ()
    failure: str | None = None


def rehearse(connection: Connection, made: RoleSql) -> Trial:
    """Run the SQL without a password, and roll it back: nothing is changed.

    Raises:
        psycopg.Error: the connection broke.
    """
    found = connection.execute("SELECT FROM pg_catalog.pg_roles WHERE rolname = %s", [made.name])
    if found.fetchone() is not None:
        return Trial(exists=True)
    try:
        with connection.transaction(force_rollback=True):
            return Trial(refused=_run(connection, made, made.create))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation) as error:
        return Trial(failure=error.diag.message_primary or str(error))


def make(connection: Connection, made: RoleSql, endpoint: Endpoint) -> None:
    """Make a role, with the password of `endpoint`.

    Raises:
        SetupError: the server refused; then there is no role.
    """
    _with_password(connection, made, endpoint, made.create)


def set_password(connection: Connection, made: RoleSql, endpoint: Endpoint) -> None:
    """Give a role that exists the password of `endpoint`, and what it lacks of the SQL.

    Raises:
        SetupError: the server refused; then nothing has changed.
    """
    create = sql.SQL("ALTER ROLE {}").format(sql.Identifier(made.name)).as_string(connection)
    _with_password(connection, made, endpoint, create)


def new_password() -> str:
    """A password of 256 bits; none of its characters needs percent-encoding."""
    return secrets.token_urlsafe(32)


def _with_password(connection: Connection, made: RoleSql, endpoint: Endpoint, begin: str) -> None:
    password = endpoint.password or ""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), made.name.encode(), b"scram-sha-256"
    ).decode()
    plain = provider_of(endpoint.host) in _PLAIN_PROVIDERS
    refusal = _attempt(connection, made, begin, password if plain else verifier)
    if refusal and _PLAIN_ONLY in refusal:
        refusal = _attempt(connection, made, begin, password)
    if refusal:
        raise SetupError(
            f"The server refused to make the role {made.name}: {without(refusal, password)}",
            todo="Make it yourself, and start again with --no-create-role.",
            safe="The server has no new role.",
        )


def _attempt(connection: Connection, made: RoleSql, begin: str, password: str) -> str | None:
    """Run the SQL in one transaction; why the server refused it, if it did."""
    literal = sql.Literal(password).as_string(connection)
    try:
        with connection.transaction():
            _run(connection, made, f"{begin} PASSWORD {literal}")
    except psycopg.Error as error:
        return error.diag.message_primary or type(error).__name__
    return None


def _run(connection: Connection, made: RoleSql, create: str) -> tuple[str, ...]:
    """The statements that must succeed, then those that may be refused; which were."""
    for statement in (create, *made.then):
        _execute(connection, statement)
    refused = []
    for statement in made.wanted:
        try:
            with connection.transaction():
                _execute(connection, statement)
        except psycopg.errors.InsufficientPrivilege:
            refused.append(statement)
    return tuple(refused)


def _execute(connection: Connection, statement: str) -> None:
    connection.execute(statement.encode())


def check_reading(endpoint: Endpoint, scratch: Path, whose: str) -> tuple[str, ...]:
    """Log in as the role for backups: it has to read everything. Gives notes about it.

    Raises:
        LifeboatError: it can't log in, or can't read something; names the statements that help.
    """
    with connected(login_to(endpoint, scratch), whose) as connection:
        require_names(connection)
        require_readable(connection, _role_of(connection))
        row = connection.execute(_ROLE).fetchone() or (False,) * 4
        (writable,) = connection.execute(_WRITABLE).fetchone() or (0,)
    superuser, _, _, read_only = row
    notes = []
    if superuser:
        notes.append("the role is a superuser; one that only reads would do (docs/backup-role.md)")
    elif writable:
        notes.append(f"the role may write to {writable} tables; one that only reads would do")
    if not read_only:
        notes.append("the role's sessions aren't read-only (default_transaction_read_only)")
    return tuple(notes)


def check_restoring(endpoint: Endpoint, scratch: Path, whose: str, *, live: str) -> tuple[str, ...]:
    """Log in as the role for restores: it has to be able to create a database. Gives notes.

    Nothing is written.

    Raises:
        LifeboatError: it can't log in, or may not create a database.
    """
    with connected(login_to(endpoint, scratch), whose) as connection:
        role = _role_of(connection)
        superuser, creates, _, read_only = connection.execute(_ROLE).fetchone() or (False,) * 4
        if not creates or read_only:
            why = "may not create databases" if not creates else "only reads"
            cure = "CREATEDB" if not creates else "RESET default_transaction_read_only"
            raise SetupError(
                f"{whose}: the role {role} {why}.",
                todo=f'Run as an administrator: ALTER ROLE "{role}" {cure};',
            )
        owns = connection.execute(
            "SELECT pg_catalog.pg_has_role(current_user, datdba, 'MEMBER')"
            " FROM pg_catalog.pg_database WHERE datname = %s",
            [live],
        ).fetchone()
    if superuser or owns is None or owns[0]:
        return ()
    return (f"the role {role} doesn't own {live}: it can restore beside it, but not swap",)


def prove_creates(endpoint: Endpoint, scratch: Path, whose: str) -> None:
    """Create an empty database as the role for restores, and drop it.

    Raises:
        LifeboatError: the server refused.
    """
    name = sql.Identifier(f"lifeboat_check_{secrets.token_hex(6)}")
    with connected(login_to(endpoint, scratch), whose) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        connection.execute(sql.SQL("DROP DATABASE {}").format(name))


def _role_of(connection: Connection) -> str:
    row = connection.execute("SELECT current_user::text").fetchone()
    return str(row and row[0])
