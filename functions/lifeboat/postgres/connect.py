"""Opens connections to a database: patiently while it wakes up, and never through a pooler."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import sql

from lifeboat.errors import ConnectError, ConnectFailure, EndpointError, UnsupportedServerError
from lifeboat.model.server_messages import truncate
from lifeboat.postgres.login import Login
from lifeboat.postgres.redact import said
from lifeboat.runtime.patience import patience

type Connection = psycopg.Connection[tuple[object, ...]]

OLDEST_MAJOR = 14
_CONNECT_SECONDS = 10

#: Every session of ours. No time-out of the role or the server may end a run half-way (the run has
#: a clock of its own), row security raises instead of hiding rows, and nothing resolves by path.
_SESSION = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "row_security": "off",
    "search_path": "",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",  # the driver reads no other
    "TimeZone": "UTC",
    # When the function vanishes without a word, the server lets its locks go after a minute.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

#: Waiting won't cure these. libpq gives no SQLSTATE for a refused connection, so its words are all
#: there is to tell them by; unknown words only mean a minute of retries before the same error.
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

#: A refusal by the server that concerns the database, and not the role or the way to the server.
_OF_ONE_DATABASE = re.compile(
    r"FATAL:  (?:(?:permission denied|too many connections) for database "
    r'|database "[^\n]{1,256}" (?:does not exist|is not currently accepting connections))'
)

#: Waiting may cure these, since others let go of their connections; when it doesn't, this does.
_NO_ROOM = {
    "too many connections for": (
        "Allow more (ALTER DATABASE <database> CONNECTION LIMIT -1, ALTER ROLE <role> CONNECTION"
        " LIMIT -1), or end some; a backup needs four."
    ),
    "too many clients": "End some connections, or raise the server's max_connections.",
    "connection slots are reserved": "End some connections, or raise the server's max_connections.",
}
_GENERAL_ADVICE = (
    "Check that the server is up and that its firewall or network lets this function in, then"
    " invoke the function again."
)


def _as_it_is(connection: Connection) -> Connection:
    return connection


def connect(
    read_login: Callable[[], Login],
    *,
    keep: Callable[[Connection], Connection] = _as_it_is,
    wake_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Connection, Login]:
    """An autocommit connection with safe session settings, and the login that let us in.

    A serverless database may be asleep, so failures are retried for `wake_seconds`, except those
    that waiting can't cure. Before one of these counts, the secret is read again: the password may
    have been rotated a moment ago. `keep` gets each connection before anything is said on it.

    Raises:
        ConnectError: the server can't be reached, or refuses us.
    """
    login, reread, give_up = read_login(), False, clock() + wake_seconds
    while True:
        try:
            return _open(login, keep), login
        except psycopg.Error as error:
            fix = _final(error)
            if fix and not reread:
                known, reread, login = login, True, read_login()
                if login != known:
                    continue
            if fix or clock() >= give_up:
                raise _refused(login, error, fix) from None
            sleep(patience().wake_pause_seconds)


def open_again(login: Login, *, keep: Callable[[Connection], Connection] = _as_it_is) -> Connection:
    """A further connection with a login that has just let us in.

    Raises:
        ConnectError: it refuses a second one, most likely for want of connection slots.
    """
    try:
        return _open(login, keep)
    except psycopg.Error as error:
        raise _refused(login, error, _final(error)) from None


def require_major(connection: Connection, majors: tuple[int, ...]) -> int:
    """The server's major version, which one of `majors` (the layer's) must match.

    pg_dump refuses a server newer than itself, and only the same major knows all there is to dump.

    Raises:
        UnsupportedServerError: too old, or newer than the layer.
    """
    major = connection.info.server_version // 10_000
    if major in majors and major >= OLDEST_MAJOR:
        return major
    carried = ", ".join(map(str, majors)) or "none"
    todo = (
        f"Upgrade the server: Lifeboat backs up PostgreSQL {OLDEST_MAJOR} and later."
        if major < OLDEST_MAJOR
        else f"Add PostgreSQL {major} to layers/postgres, then: make layers deploy"
    )
    raise UnsupportedServerError(
        f"The server runs PostgreSQL {major}; this function carries the programs of {carried}.",
        todo=todo,
    )


def require_own_sessions(first: Connection, second: Connection, login: Login) -> None:
    """Refuse a pooler that shares one server session between two open connections.

    Behind such a pooler (PgBouncer or Supavisor in transaction mode) an exported snapshot would
    vanish under the dump. Two connections that are both open and report one backend are proof.

    Raises:
        EndpointError: both connections ended up in the same server process.
    """
    pids = {_backend(connection) for connection in (first, second)}
    if len(pids) == 1:
        raise EndpointError(
            f"{login.endpoint.host}:{login.endpoint.port} is a connection pooler in transaction"
            f" mode: two connections share server process {pids.pop()}, and a snapshot can't be"
            " held there.",
            todo="Put the database's direct (unpooled) host and port into the secret.",
        )


@contextmanager
def speaking_to(login: Login) -> Iterator[None]:
    """Raise what the driver raises as our own error, without the password.

    Raises:
        ConnectError: the server refused a statement or the connection broke.
    """
    try:
        yield
    except psycopg.Error as error:
        raise ConnectError(
            "The database refused a statement or the connection broke:"
            f" {said(error, login.endpoint)}",
            todo="Invoke the function again; if it repeats, look for that moment in the server's"
            " log.",
        ) from None


def _open(login: Login, keep: Callable[[Connection], Connection]) -> Connection:
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
        _settle(keep(connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _settle(connection: Connection) -> None:
    for name, value in _SESSION.items():
        connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
    if connection.info.server_version >= 170000:  # noqa: PLR2004  # the setting came with 17
        connection.execute(sql.SQL("SET transaction_timeout = 0"))


def _backend(connection: Connection) -> object:
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
        f"Could not connect to {where}: {said(error, endpoint)}",
        todo=fix or _known(_NO_ROOM, error) or _GENERAL_ADVICE,
        reason=_reason(error),
        final=fix is not None,
    )
