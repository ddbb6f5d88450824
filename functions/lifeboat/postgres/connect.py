"""Opens connections to a database: waits while it wakes up, and refuses transaction poolers."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lifeboat.errors import (
    ConnectError,
    ConnectFailure,
    EndpointError,
    StatementError,
    UnsupportedServerError,
)
from lifeboat.model.server_messages import truncate
from lifeboat.postgres.login import Login
from lifeboat.postgres.redact import redacted_message
from lifeboat.runtime.timeouts import timeouts

type Connection = psycopg.Connection[tuple[object, ...]]

MIN_MAJOR = 14
_CONNECT_SECONDS = 10

_SESSION = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "row_security": "off",
    "search_path": "",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",  # the driver reads no other
    "TimeZone": "UTC",
    # When the function dies silently, the server releases its locks after a minute.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""Settings of each of our sessions. No timeout of the role or the server ends a run half-way (the
run has its own), row security raises instead of hiding rows, and no search path resolves names."""

_FINAL = {
    "password authentication failed": (
        "Store the role's present password in the secret, or reset it:"
        " ALTER ROLE <role> PASSWORD '...'"
    ),
    "no pg_hba.conf entry": "Allow this role, database and network on the server (pg_hba.conf).",
    "is not permitted to log in": "Run: ALTER ROLE <role> LOGIN",
    "is not currently accepting connections": (
        "Let it be connected to: ALTER DATABASE <database> ALLOW_CONNECTIONS true"
    ),
    "does not exist": "Correct the database or role name in the secret's URL.",
    "server does not support SSL": (
        "Turn TLS on at the server, or reach it through a local socket or tunnel."
    ),
    "certificate verify failed": "Put the server's CA certificate into the secret's `ca` key.",
    "server certificate for": "Use the host name that the server's certificate carries.",
}
"""Refusals that waiting doesn't help, each with its fix. libpq gives no SQLSTATE for a refused
connection, so they are recognized by their text. An unknown text costs a minute of retries."""

_OF_ONE_DATABASE = re.compile(
    r"FATAL:  (?:(?:permission denied|too many connections) for database "
    r'|database "[^\n]{1,256}" (?:does not exist|is not currently accepting connections))'
)
"""A refusal that is about this one database, not about the role or the server."""

_NO_FREE_SLOT = {
    "too many connections for": (
        "Allow more (ALTER DATABASE <database> CONNECTION LIMIT -1, ALTER ROLE <role> CONNECTION"
        " LIMIT -1), or end some; a backup needs four."
    ),
    "too many clients": "End some connections, or raise the server's max_connections.",
    "connection slots are reserved": "End some connections, or raise the server's max_connections.",
}
"""Refusals that may pass when others disconnect, each with its fix if it doesn't pass."""

_GENERAL_ADVICE = (
    "Check that the server is up and that its firewall or network lets this function in, then"
    " invoke the function again."
)


def _unchanged(connection: Connection) -> Connection:
    return connection


def connect(
    read_login: Callable[[], Login],
    *,
    register: Callable[[Connection], Connection] = _unchanged,
    wake_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Connection, Login]:
    """An autocommit connection with safe session settings, and the login that let us in.

    A serverless database may be asleep, so failures are retried for `wake_seconds`, except those
    that waiting doesn't help. Before such a failure counts, the secret is read once more: the
    password may have been rotated a moment ago. `register` gets each connection before its first
    statement.

    Raises:
        ConnectError: the server can't be reached, or refuses us.
    """
    login, reread, give_up = read_login(), False, clock() + wake_seconds
    while True:
        try:
            return _open(login, register), login
        except psycopg.Error as error:
            fix = _final(error)
            if fix and not reread:
                known, reread, login = login, True, read_login()
                if login != known:
                    continue
            if fix or clock() >= give_up:
                raise _refused(login, error, fix) from None
            sleep(timeouts().wake_pause_seconds)


def open_again(
    login: Login, *, register: Callable[[Connection], Connection] = _unchanged
) -> Connection:
    """Another connection, with a login that has just worked.

    Raises:
        ConnectError: the server refuses it, most likely because no connection slot is free.
    """
    try:
        return _open(login, register)
    except psycopg.Error as error:
        raise _refused(login, error, _final(error)) from None


def require_major(connection: Connection, majors: tuple[int, ...]) -> int:
    """The server's major version. It must be one of `majors`, those of the layer.

    pg_dump refuses a server newer than itself, and only the same major knows every kind of object.

    Raises:
        UnsupportedServerError: too old, or newer than the layer.
    """
    major = connection.info.server_version // 10_000
    if major in majors and major >= MIN_MAJOR:
        return major
    carried = ", ".join(map(str, majors)) or "none"
    todo = (
        f"Upgrade the server: Lifeboat backs up PostgreSQL {MIN_MAJOR} and later."
        if major < MIN_MAJOR
        else f"Add PostgreSQL {major} to layers/postgres, then: make layers deploy"
    )
    raise UnsupportedServerError(
        f"The server runs PostgreSQL {major}; this function carries the programs of {carried}.",
        todo=todo,
    )


def require_own_sessions(first: Connection, second: Connection, login: Login) -> None:
    """Refuse a pooler that shares one server session between two open connections.

    Behind such a pooler (PgBouncer or Supavisor in transaction mode) the exported snapshot would
    disappear during the dump. Two open connections with the same backend PID prove such a pooler.

    Raises:
        EndpointError: both connections have the same server process.
    """
    pids = {_backend_pid(connection) for connection in (first, second)}
    if len(pids) == 1:
        raise EndpointError(
            f"{login.endpoint.host}:{login.endpoint.port} is a connection pooler in transaction"
            f" mode: two connections share server process {pids.pop()}, and a snapshot can't be"
            " held there.",
            todo="Put the database's direct (unpooled) host and port into the secret.",
        )


@dataclass(frozen=True, kw_only=True)
class ServerRole:
    """What a server is to a run, in the words of the run's errors.

    Attributes:
        name: how an error begins that names the server.
        again: what to do when it refuses a statement or the connection breaks.
        forbidden: what to do when the login lacks a privilege, with `{user}` for who that is; None
            where nothing else helps than `again`.
    """

    name: str
    again: str
    forbidden: str | None = None


SOURCE = ServerRole(
    name="The database",
    again="Invoke the function again; if it repeats, look for that moment in the server's log.",
)
"""The server of the database that is backed up."""


@contextmanager
def speaking_to(login: Login, server: ServerRole) -> Iterator[None]:
    """Raise what the driver raises as our own error, without the password.

    Raises:
        StatementError: the server refused a statement or the connection broke.
    """
    try:
        yield
    except psycopg.Error as error:
        words = redacted_message(error, login.endpoint)
        if server.forbidden and isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise StatementError(
                f"{server.name} refused: {words}",
                todo=server.forbidden.format(user=login.endpoint.user),
            ) from None
        raise StatementError(
            f"{server.name} refused a statement or the connection broke: {words}",
            todo=server.again,
        ) from None


def _open(login: Login, register: Callable[[Connection], Connection]) -> Connection:
    connection: Connection = psycopg.connect(
        **login.endpoint.conninfo(ca_file=login.ca_file),
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        prepare_threshold=None,
    )
    try:
        _apply_settings(register(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _apply_settings(connection: Connection) -> None:
    """Apply them in one statement: each would take a round trip of its own."""
    settings = dict(_SESSION)
    if connection.info.server_version >= 170000:  # noqa: PLR2004  # the setting came with 17
        settings["transaction_timeout"] = "0"
    calls = (
        sql.SQL("pg_catalog.set_config({}, {}, false)").format(*map(sql.Literal, pair))
        for pair in settings.items()
    )
    connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls)))


def _backend_pid(connection: Connection) -> object:
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    return row and row[0]


def _final(error: psycopg.Error) -> str | None:
    return _known(_FINAL, error)


def _known(fixes: Mapping[str, str], error: psycopg.Error) -> str | None:
    words = truncate(str(error))
    return next((fix for part, fix in fixes.items() if part in words), None)


def _reason(error: psycopg.Error) -> ConnectFailure:
    refused = _OF_ONE_DATABASE.search(truncate(str(error)))
    return ConnectFailure.THIS_DATABASE if refused else ConnectFailure.OTHER


def _refused(login: Login, error: psycopg.Error, fix: str | None) -> ConnectError:
    endpoint = login.endpoint
    where = f"{endpoint.user}@{endpoint.host}:{endpoint.port}/{endpoint.database}"
    return ConnectError(
        f"Could not connect to {where}: {redacted_message(error, endpoint)}",
        todo=fix or _known(_NO_FREE_SLOT, error) or _GENERAL_ADVICE,
        reason=_reason(error),
        final=fix is not None,
    )
