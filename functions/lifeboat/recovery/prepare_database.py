"""Prepares a restore: the empty database, the roles, and collations that a bare server lacks."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from lifeboat.model.identifiers import unquoted
from lifeboat.postgres.connect import Connection

_NAME = r'("(?:[^"]|"")+"|[^\s";.]+)'
_CREATE_ROLE = re.compile(rf"^CREATE ROLE {_NAME};$", re.MULTILINE)
_ATTRIBUTES = re.compile(rf"^ALTER ROLE {_NAME} WITH ([A-Z ]+)", re.MULTILINE)
_CREATE_COLLATION = re.compile(rf"^CREATE COLLATION {_NAME}\.{_NAME} \((.*)\);$", re.MULTILINE)
_LOCALE = re.compile(r"(?:locale|lc_collate|lc_ctype) = '([^']*)'")
_NAMED_COLLATION = re.compile(rf"COLLATE pg_catalog\.{_NAME}")
_SERVER_COLLATIONS: LiteralString = """
SELECT collname FROM pg_catalog.pg_collation
WHERE collnamespace = 'pg_catalog'::regnamespace
  AND collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
"""

type Collation = tuple[str, str]


@dataclass(frozen=True, order=True)
class Role:
    """A role to create. It never logs in; it owns objects and has grants.

    Attributes:
        name: unquoted.
        superuser: whether it was a superuser in the source.
    """

    name: str
    superuser: bool = False


def roles_in(script: str) -> tuple[Role, ...]:
    """The roles that a script of pg_dumpall creates.

    A comment on a role may imitate such a statement. That creates one role too many, in a server
    that is thrown away.
    """
    superusers = {
        unquoted(name)
        for name, attributes in _ATTRIBUTES.findall(script)
        if "SUPERUSER" in attributes.split()
    }
    names = dict.fromkeys(unquoted(name) for name in _CREATE_ROLE.findall(script))
    return tuple(Role(name, name in superusers) for name in names)


def collations_in(script: str) -> tuple[Collation, ...]:
    """Schema and name of each collation that a bare server may not have.

    These are the collations that the script creates from ICU or from an operating system's locale,
    and those of pg_catalog that it names: initdb takes them from ICU and the operating system too.
    """
    made = {
        (unquoted(schema), unquoted(name))
        for schema, name, options in _CREATE_COLLATION.findall(script)
        if not _is_on_every_server(options)
    }
    named = {("pg_catalog", unquoted(name)) for name in _NAMED_COLLATION.findall(script)}
    return tuple(sorted(made | named))


def _is_on_every_server(options: str) -> bool:
    """Whether every server that knows the provider can create a collation with these options."""
    plain = set(_LOCALE.findall(options)) <= {"C", "POSIX"}
    return "provider = builtin" in options or ("provider = libc" in options and plain)


def missing_collations(
    connection: Connection, wanted: Collection[Collation]
) -> tuple[Collation, ...]:
    """The wanted collations that the server doesn't have."""
    there = {row[0] for row in connection.execute(_SERVER_COLLATIONS)}
    return tuple(
        (schema, name) for schema, name in wanted if schema != "pg_catalog" or name not in there
    )


def create_stand_ins(connection: Connection, collations: Collection[Collation]) -> None:
    """Create a plain collation under the name of each of them.

    Their columns and all rows can then be restored, but they sort and compare differently.
    """
    for schema, name in collations:
        if schema != "pg_catalog":
            connection.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema))
            )
        connection.execute(
            sql.SQL("CREATE COLLATION {} (provider = libc, locale = 'C')").format(
                sql.Identifier(schema, name)
            )
        )


def drop_database(connection: Connection, name: str) -> None:
    """Drop the database if it exists, and end its sessions."""
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )
