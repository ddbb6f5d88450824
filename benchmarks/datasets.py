"""What the databases look like that pipelines meet: one like a customer's, and odd ones."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from local import sample

type Fill = Callable[[psycopg.Connection, float], None]

MANY = 5_000


@dataclass(frozen=True)
class Dataset:
    """A kind of database.

    Attributes:
        name: short, for keys and the command line.
        shows: what is in it, in a person's words.
        fill: makes it in an empty database, of about so many megabytes.
    """

    name: str
    shows: str
    fill: Fill


def _many_tables(connection: psycopg.Connection, megabytes: float) -> None:
    """Five thousand of them, or fewer in a small database: each takes about 43 kB."""
    tables = min(MANY, round(megabytes * 23))
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


SAMPLE = Dataset(
    "sample", "users, projects, sessions and events, with their indexes", sample.create
)
HUGE = Dataset("one-huge-table", "one table of short rows, and its primary key", _one_huge_table)
MANY_TABLES = Dataset("many-tables", f"{MANY:,} tables of 50 rows", _many_tables)
WIDE = Dataset("wide-rows", "rows of 200 numbers", _wide_rows)
RANDOM = Dataset("incompressible", "random bytes, 1 kB a row", _random_bytes)
SHAPES = (HUGE, MANY_TABLES, WIDE, RANDOM)
