"""The server to restore into, or on which databases are swapped."""

from contextlib import closing
from typing import LiteralString

from lifeboat.errors import (
    ConnectError,
    ConnectFailure,
    EventError,
    TargetError,
)
from lifeboat.postgres.connect import Connection, connect, speaking_to
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import Login
from lifeboat.recovery.policy.secret_names import default_target, named_secret
from lifeboat.restore.policy.facts import TargetFacts
from lifeboat.restore.run import TARGET, RestoreRun
from lifeboat.runtime.timeouts import timeouts

_MAINTENANCE_DATABASES = ("postgres", "template1")
"""Databases to connect to for creating and renaming others. The secret's own database may be lost,
or is to be renamed, which PostgreSQL refuses while somebody is connected to it."""

_ROLE: LiteralString = """
SELECT rolsuper, rolcreatedb OR rolsuper,
       pg_catalog.current_setting('default_transaction_read_only') = 'on'
           OR pg_catalog.pg_is_in_recovery()
FROM pg_catalog.pg_roles WHERE rolname = current_user
"""

_MEMBERSHIPS: LiteralString = """
SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
"""

_BYTES: LiteralString = """
SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database
WHERE datname = %s AND pg_catalog.has_database_privilege(oid, 'CONNECT')
"""


def open_target(run: RestoreRun, live: str, *, avoid: tuple[str, ...] = ()) -> None:
    """Log in to the requested server, and read facts about it.

    Args:
        run: gets the login and the facts.
        live: the name of the database that the backup was taken of.
        avoid: further databases not to connect to.

    Raises:
        EventError: the target is none of the secrets in the settings.
        SecretError: the secret can't be read or makes no sense.
        EndpointError: it isn't encrypted.
        ServerError: the server can't be reached or used.
    """
    login = run.scope.call(lambda: _read_login(run))
    own = login.endpoint.database
    names = [name for name in (*_MAINTENANCE_DATABASES, own) if name not in (live, *avoid)]
    last: ConnectError | None = None
    for name in dict.fromkeys(names):
        try:
            _open(run, login.to(name), live)
        except ConnectError as error:
            last = error
            if error.reason is not ConnectFailure.THIS_DATABASE:
                break
        else:
            return
    raise last or TargetError(
        f"The server of {login.endpoint.host} has no other database.",
        todo="CREATE DATABASE postgres;",
    )


def _open(run: RestoreRun, login: Login, live: str) -> None:
    """Connect within half of the time left, so that there is time to report an error."""
    seconds = min(timeouts().wake_seconds, run.remaining() / 2)
    connection, run.login = run.scope.call(
        lambda: connect(lambda: login, register=run.scope.add_connection, wake_seconds=seconds)
    )
    with closing(connection), speaking_to(run.login, TARGET):
        run.facts = _facts(connection, run.login.endpoint, live)
    run.major = run.facts.major


def _read_login(run: RestoreRun) -> Login:
    own, targets = run.database.secret_arn, run.settings.restore.target_secret_arns
    wanted = run.event.target or default_target(own, targets)
    run.pin_target(wanted)
    arn = named_secret(wanted, (own, *targets))
    if arn is None:
        raise EventError(
            f"The target {wanted} is not in the settings, so the function may not read it.",
            todo="Add its full ARN to restore.target_secret_arns in lifeboat.toml, then:"
            " make deploy."
            f" Those in the settings: {', '.join((own, *targets))}",
        )
    return run.read_login(arn, run.scratch.path)


def _facts(connection: Connection, endpoint: Endpoint, live: str) -> TargetFacts:
    """What is known of the server.

    Args:
        connection: to any database of it.
        endpoint: that the connection was made to.
        live: the name of the database that the backup was taken of.

    Raises:
        psycopg.Error: it refuses to tell.
    """
    superuser, may_create, reads_only = connection.execute(_ROLE).fetchone() or (False,) * 3
    size = connection.execute(_BYTES, [live]).fetchone()
    return TargetFacts(
        server=f"{endpoint.host}:{endpoint.port}",
        endpoint=endpoint.digest,
        role=endpoint.user,
        major=connection.info.server_version // 10_000,
        version=str(connection.info.parameter_status("server_version")),
        may_create=bool(may_create),
        superuser=bool(superuser),
        reads_only=bool(reads_only),
        databases=frozenset(list_databases(connection)),
        extensions=_names(connection, "SELECT name FROM pg_catalog.pg_available_extensions"),
        roles=_names(connection, "SELECT rolname FROM pg_catalog.pg_roles"),
        member_of=_names(connection, _MEMBERSHIPS),
        live_bytes=int(str(size[0])) if size else None,
    )


def list_databases(connection: Connection) -> list[str]:
    """The names of all databases of the server."""
    return sorted(_names(connection, "SELECT datname FROM pg_catalog.pg_database"))


def _names(connection: Connection, query: LiteralString) -> frozenset[str]:
    return frozenset(str(row[0]) for row in connection.execute(query))
