"""What the databases look like that pipelines meet: one like a customer's, and odd ones."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from local import sample

type Fill = Callable[[psycopg.Connection, float], None]

OLD_MAJOR = 14
"""The oldest PostgreSQL; its pg_dump has no zstd."""

_KILOBYTES_OF_A_TABLE = 43
_BYTES_OF_AN_OBJECT = 50
_OBJECTS_PER_MEGABYTE = 5_670
_VALUE_MB = 200


@dataclass(frozen=True)
class Dataset:
    """A kind of database.

    Attributes:
        name: short, for keys and the command line.
        shows: what is in it, in a person's words.
        fill: makes it in an empty database, of about so many megabytes.
        megabytes: that it is meant to have, beside an empty database's; a try may have fewer.
    """

    name: str
    shows: str
    fill: Fill
    megabytes: float = 300.0


def _nothing(connection: psycopg.Connection, megabytes: float) -> None:
    """An empty database stays one."""
    del connection, megabytes


def _many_tables(connection: psycopg.Connection, megabytes: float) -> None:
    tables = round(megabytes * 1000 / _KILOBYTES_OF_A_TABLE)
    for first in range(1, tables + 1, 500):  # one transaction can't hold that many locks
        connection.execute(
            f"""
            DO $$ BEGIN
                FOR t IN {first}..{min(first + 499, tables)} LOOP
                    EXECUTE format('CREATE TABLE small_%s (id int PRIMARY KEY, v text)', t);
                    EXECUTE format('INSERT INTO small_%s SELECT i, md5(i::text)'
                                   ' FROM generate_series(1, 50) i', t);
                END LOOP;
            END $$
            """  # noqa: S608  # two numbers
        )
    connection.execute("ANALYZE")


def _wide_rows(connection: psycopg.Connection, megabytes: float) -> None:
    columns = ", ".join(f"(sqrt(i) * {column})::float8 AS c{column}" for column in range(200))
    connection.execute(
        f"CREATE TABLE wide AS SELECT i AS id, {columns}"  # noqa: S608  # our own names
        f" FROM generate_series(1, {round(megabytes * 488)}) AS i"
    )
    connection.execute("ANALYZE")


def _random_bytes(connection: psycopg.Connection, megabytes: float) -> None:
    connection.execute("CREATE EXTENSION pgcrypto")
    connection.execute(
        "CREATE TABLE noise AS SELECT i AS id, gen_random_bytes(1000) AS v"
        " FROM generate_series(1, %s::bigint) AS i",
        [round(megabytes * 875)],
    )
    connection.execute("ANALYZE")


def _one_huge_table(connection: psycopg.Connection, megabytes: float) -> None:
    connection.execute(
        "CREATE TABLE huge AS SELECT i AS id, md5(i::text) AS v, now() AS at"
        " FROM generate_series(1, %s::bigint) AS i",
        [round(megabytes * 9300)],
    )
    connection.execute("ALTER TABLE huge ADD PRIMARY KEY (id)")
    connection.execute("ANALYZE")


def _large_objects(connection: psycopg.Connection, megabytes: float) -> None:
    objects = round(megabytes * _OBJECTS_PER_MEGABYTE)
    for first in range(1, objects + 1, 5_000):  # each is locked until its transaction ends
        connection.execute(
            "SELECT count(lo_from_bytea(0, convert_to(rpad(md5(i::text), %s, 'x'), 'UTF8')))"
            " FROM generate_series(%s::bigint, %s) AS i",
            [_BYTES_OF_AN_OBJECT, first, min(first + 4_999, objects)],
        )
    connection.execute("ANALYZE")


def _one_large_value(connection: psycopg.Connection, megabytes: float) -> None:
    connection.execute("CREATE TABLE large (id int PRIMARY KEY, v text)")
    connection.execute("ALTER TABLE large ALTER COLUMN v SET STORAGE EXTERNAL")
    connection.execute(
        "INSERT INTO large SELECT 1, string_agg(md5(i::text), '')"
        " FROM generate_series(1, %s::bigint) AS i",
        [round(megabytes * 1e6 / 32)],
    )
    connection.execute("ANALYZE")


SAMPLE = Dataset(
    "sample", "users, projects, sessions and events, with their indexes", sample.create
)
HUGE = Dataset("one-huge-table", "one table of short rows, and its primary key", _one_huge_table)
MANY_TABLES = Dataset("many-tables", "5,000 tables of 50 rows", _many_tables, 215.0)
MORE_TABLES = Dataset("more-tables", "20,000 tables of 50 rows", _many_tables, 860.0)
WIDE = Dataset("wide-rows", "rows of 200 numbers", _wide_rows)
RANDOM = Dataset("incompressible", "random bytes, 1 kB a row", _random_bytes)
LARGE_OBJECTS = Dataset(
    "large-objects",
    f"100,000 large objects of {_BYTES_OF_AN_OBJECT} bytes",
    _large_objects,
    100_000 / _OBJECTS_PER_MEGABYTE,
)
LARGE_VALUE = Dataset("large-value", f"one value of {_VALUE_MB} MB", _one_large_value, _VALUE_MB)
EMPTY = Dataset("empty", "nothing: an empty database", _nothing, 0.0)
SHAPES = (EMPTY, HUGE, MANY_TABLES, MORE_TABLES, WIDE, RANDOM, LARGE_OBJECTS, LARGE_VALUE)
"""Beside them the part has the sample database on the oldest PostgreSQL."""
