"""What a server tells of itself before a backup is restored into it, and the new database there."""

from collections.abc import Collection
from typing import LiteralString

from psycopg import sql

from lifeboat.postgres.connect import Connection
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.recovery.prepare_database import available_extensions
from lifeboat.restore.policy.facts import TargetFacts

_PROVIDERS_SINCE = 15
_BUILTIN_SINCE = 17

_ROLE: LiteralString = """
SELECT rolsuper, rolcreatedb OR rolsuper,
       pg_catalog.current_setting('default_transaction_read_only') = 'on'
           OR pg_catalog.pg_is_in_recovery()
FROM pg_catalog.pg_roles WHERE rolname = current_user
"""

_MINE: LiteralString = """
SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
"""

_BYTES: LiteralString = """
SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database
WHERE datname = %s AND pg_catalog.has_database_privilege(oid, 'CONNECT')
"""

#: The encoding and locale of a database, as CREATE DATABASE takes them; columns came with majors.
_LIKE = """
SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype, {provider}, {locale}
FROM pg_catalog.pg_database WHERE datname = %s
"""


def read_facts(connection: Connection, endpoint: Endpoint, live: str) -> TargetFacts:
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
        extensions=frozenset(available_extensions(connection)),
        roles=_names(connection, "SELECT rolname FROM pg_catalog.pg_roles"),
        belongs_to=_names(connection, _MINE),
        live_bytes=int(str(size[0])) if size else None,
    )


def list_databases(connection: Connection) -> list[str]:
    """The names of all databases of the server."""
    return sorted(_names(connection, "SELECT datname FROM pg_catalog.pg_database"))


def create_like(
    connection: Connection, name: str, *, live: str, sql_ascii: bool, comment: str
) -> tuple[str, ...]:
    """Make an empty database with the encoding and locale of the live one, where that is there.

    Args:
        connection: to another database of the server, in autocommit.
        name: the new one's.
        live: whose encoding and locale it gets; when it isn't there, the server's own are used.
        sql_ascii: the archive's bytes are in no declared encoding.
        comment: on the database.

    Returns:
        What a reader should know.

    Raises:
        psycopg.Error: the server refuses, most likely since there is such a database.
    """
    options = _options_of(connection, live)
    notes: tuple[str, ...] = ()
    if options is None:
        options = sql.SQL(" ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'" if sql_ascii else "")
        notes = (f"There is no {live} here: the copy has the encoding and locale of the server.",)
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE template0{}").format(sql.Identifier(name), options)
    )
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(comment))
    )
    return notes


def clients_of(connection: Connection, databases: Collection[str]) -> list[str]:
    """Who is connected to the databases, such as `app@10.0.0.7 (psql)`, ourselves left out."""
    query: LiteralString = """
        SELECT coalesce(usename, backend_type) || coalesce('@' || client_addr::text, '')
               || coalesce(' (' || nullif(application_name, '') || ')', '')
        FROM pg_catalog.pg_stat_activity
        WHERE datname = ANY (%s) AND pid <> pg_catalog.pg_backend_pid()
        ORDER BY 1
    """
    return [str(row[0]) for row in connection.execute(query, [list(databases)])]


def _options_of(connection: Connection, live: str) -> sql.Composable | None:
    major = connection.info.server_version // 10_000
    provider = "datlocprovider" if major >= _PROVIDERS_SINCE else "'c'"
    locale = "NULL::text"
    if major >= _PROVIDERS_SINCE:
        locale = "datlocale" if major >= _BUILTIN_SINCE else "daticulocale"
    query = _LIKE.format(provider=provider, locale=locale).encode()
    row = connection.execute(query, [live]).fetchone()
    if row is None:
        return None
    encoding, collate, ctype, kind, language = row
    options = sql.SQL(" ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(encoding, collate, ctype)
    if major < _PROVIDERS_SINCE:
        return options
    name = {"i": "icu", "b": "builtin"}.get(str(kind), "libc")
    options += sql.SQL(f" LOCALE_PROVIDER {name}")
    if language is not None and name != "libc":
        options += sql.SQL(f" {name.upper()}_LOCALE {{}}").format(language)
    return options


def _names(connection: Connection, query: LiteralString) -> frozenset[str]:
    return frozenset(str(row[0]) for row in connection.execute(query))
