"""What a server and one of its databases are, as far as setting up asks; nothing is changed."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import LiteralString, cast

from lifeboat.errors import ConnectError, LifeboatError
from lifeboat.postgres.connect import MIN_MAJOR, SOURCE, Connection, connect, speaking_to
from lifeboat.postgres.endpoint import Endpoint, is_local
from lifeboat.postgres.login import Login
from lifeboat_setup.urls import NOTHING_MADE, SetupError

WAKE_SECONDS = 20.0
"""Seconds for a serverless database to wake up."""

_USER_TABLES: LiteralString = """
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""

_FACTS: LiteralString = f"""
SELECT r.rolsuper, r.rolcreaterole, pg_catalog.pg_is_in_recovery(),
       pg_catalog.pg_database_size(d.oid), o.rolname::text, o.rolsuper,
       (SELECT count(*) {_USER_TABLES}),
       (SELECT count(*) {_USER_TABLES} AND c.relrowsecurity),
       (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata),
       ARRAY(SELECT extname::text FROM pg_catalog.pg_extension
             WHERE extname <> 'plpgsql' ORDER BY extname),
       ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n
             WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY nspname)
FROM pg_catalog.pg_roles r, pg_catalog.pg_database d JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
WHERE r.rolname = current_user AND d.datname = current_database()
"""  # noqa: S608  # put together from this file's own constants


@dataclass(frozen=True, kw_only=True)
class Survey:
    """A database, as a role sees it.

    Attributes:
        major: of the server.
        version: as the server calls itself.
        superuser: whether the role is one.
        may_create_roles: whether it may make roles.
        standby: whether the server only replays another one.
        bytes: of the database on its server.
        owner: of the database.
        superuser_owns: whether its owner is a superuser.
        tables: how many it has.
        secured_tables: how many of them have row level security.
        large_objects: how many it has.
        extensions: names of the installed ones, without plpgsql.
        schemas: names of all but the system's.
    """

    major: int
    version: str
    superuser: bool
    may_create_roles: bool
    standby: bool
    bytes: int
    owner: str
    superuser_owns: bool
    tables: int
    secured_tables: int
    large_objects: int
    extensions: tuple[str, ...]
    schemas: tuple[str, ...]


@contextmanager
def connected(login: Login, whose: str) -> Iterator[Connection]:
    """A connection, with errors for whoever sets up an installation.

    Raises:
        SetupError: the host has no address, or the server can't be reached or refuses the login.
        StatementError: the server refused a statement of the block.
    """
    _require_address(login.endpoint, whose)
    refused: LifeboatError | None = None
    try:
        connection, _ = connect(lambda: login, wake_seconds=WAKE_SECONDS)
    except ConnectError as error:
        advice = error.todo.replace(" invoke the function again", " try again").replace(
            "lets this function in", "lets this machine in"
        )
        refused = SetupError(
            f"{whose}: {error.what}",
            todo=_RETYPE if "password authentication failed" in error.what else advice,
            safe=NOTHING_MADE,
        )
    if refused:
        raise refused
    with closing(connection), speaking_to(login, SOURCE):
        yield connection


_RETYPE = (
    "Start again with the role's present password; percent-encode @ : / ? # % and spaces in it."
)


def survey(connection: Connection, majors: tuple[int, ...]) -> Survey:
    """What a database is.

    Args:
        connection: to it.
        majors: those whose programs the layer has.

    Raises:
        SetupError: this version of PostgreSQL can't be backed up.
    """
    major = connection.info.server_version // 10_000
    if major not in majors:
        raise SetupError(
            f"The server runs PostgreSQL {major}. Lifeboat backs up {majors[0]} to {majors[-1]}.",
            todo="Upgrade the server first."
            if major < MIN_MAJOR
            else "Use a Lifeboat that has the programs of that version (docs/upgrading.md).",
            safe=NOTHING_MADE,
        )
    row = connection.execute(_FACTS).fetchone()
    assert row  # noqa: S101 - whoever is connected has a role and a database
    superuser, creates, standby, size, owner, above, tables, secured, objects, extensions, names = (
        cast("tuple[bool, bool, bool, int, str, bool, int, int, int, list[str], list[str]]", row)
    )
    return Survey(
        major=major,
        version=str(connection.info.parameter_status("server_version")).split()[0],
        superuser=superuser,
        may_create_roles=superuser or creates,
        standby=standby,
        bytes=size,
        owner=owner,
        superuser_owns=above,
        tables=tables,
        secured_tables=secured,
        large_objects=objects,
        extensions=tuple(extensions),
        schemas=tuple(names),
    )


def _require_address(endpoint: Endpoint, whose: str) -> None:
    """Say at once that a name has no address; for a sleeping server one waits."""
    if is_local(endpoint.host):
        return
    try:
        socket.getaddrinfo(endpoint.host, endpoint.port)
    except (OSError, UnicodeError):
        raise SetupError(
            f"{whose}: the host {endpoint.host} has no address.",
            todo="Copy the connection string again from your provider's console: the direct one,"
            " not the pooler's. If it is right, check this machine's DNS.",
            safe=NOTHING_MADE,
        ) from None
