"""Creates databases in the locale of a backed-up one, as far as the server knows it."""

from collections.abc import Iterator
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from lifeboat.model.manifest import Manifest
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.policy.locales import DatabaseLocale

_PROVIDERS_SINCE = 15
_BUILTIN_SINCE = 17

_LOCALE: LiteralString = """
SELECT pg_catalog.pg_encoding_to_char(encoding),
       CASE {provider} WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
       datcollate, datctype, {locale}
FROM pg_catalog.pg_database WHERE datname = %s
"""
"""Columns came with majors."""


def read_locale(connection: Connection, database: str) -> tuple[str, DatabaseLocale] | None:
    """The encoding and locale of a database; None if there is no such database."""
    major = connection.info.server_version // 10_000
    provider = "datlocprovider" if major >= _PROVIDERS_SINCE else "'c'"
    locale = "NULL::text"
    if major >= _PROVIDERS_SINCE:
        locale = "datlocale" if major >= _BUILTIN_SINCE else "daticulocale"
    query = _LOCALE.format(provider=provider, locale=locale).encode()
    row = connection.execute(query, [database]).fetchone()
    if row is None:
        return None
    encoding, provider, *names = cast("tuple[str, str, str, str, str | None]", row)
    return encoding, DatabaseLocale(provider, str(names[0]), str(names[1]), names[2])


def with_locale(encoding: str, locale: DatabaseLocale, major: int) -> sql.Composed:
    """Options of CREATE DATABASE for an encoding and a locale."""
    options = sql.SQL(" ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
        encoding, locale.collate, locale.ctype
    )
    if major < _PROVIDERS_SINCE:
        return options
    provider = {"icu": "icu", "builtin": "builtin"}.get(locale.provider, "libc")
    options += sql.SQL(f" LOCALE_PROVIDER {provider}")
    if locale.name is not None and provider != "libc":
        options += sql.SQL(f" {provider.upper()}_LOCALE {{}}").format(locale.name)
    return options


def locale_choices(manifest: Manifest, major: int) -> Iterator[sql.Composable]:
    """Options of CREATE DATABASE for a copy, the best first.

    They are the source's own locale; else one that at least knows letters and their case; else what
    the archive's encoding allows on every server.
    """
    encoding = manifest.own_encoding or "UTF8"
    yield with_locale(encoding, DatabaseLocale.of_source(manifest.source), major)
    if encoding == "UTF8" and major < _BUILTIN_SINCE:
        yield with_locale(encoding, DatabaseLocale("libc", "C", "C.UTF-8"), major)
    if manifest.own_encoding is None:
        yield sql.SQL("")
    else:
        yield with_locale(encoding, DatabaseLocale("libc", "C", "C"), major)


def create_database(
    connection: Connection, name: str, *, choices: Iterator[sql.Composable], comment: str
) -> None:
    """Create an empty database with the first options that the server takes, with a comment.

    Args:
        connection: to another database of the server, in autocommit.
        name: of the new database.
        choices: options, the best first.
        comment: on the database.

    Raises:
        psycopg.Error: the server refuses all of them; most likely, such a database exists.
    """
    identifier = sql.Identifier(name)
    refused: psycopg.Error | None = None
    for options in choices:
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0{}").format(identifier, options)
            )
        except (psycopg.DataError, psycopg.NotSupportedError, psycopg.ProgrammingError) as error:
            refused = error  # no such locale here, or not with this encoding
        else:
            break
    else:
        raise refused or AssertionError("no choices")
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(identifier, sql.Literal(comment))
    )
