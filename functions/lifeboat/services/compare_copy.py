"""Compares a restored copy with what its manifest claims, and asks it the owner's questions."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from lifeboat.policy.inventory import Inventory
from lifeboat.policy.validation import parse_expectation
from lifeboat.policy.verdict import Untested, compare
from lifeboat.postgres.census import read_sequences, take_inventory
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import list_relations
from lifeboat.services.place import Place
from lifeboat.services.recovery import Recovery
from lifeboat.settings import ValidationQuery

_MOST_ROWS = 10_000
"""Of a validation query; no expectation is about more, and memory has an end."""


def compare_copy(recovery: Recovery, place: Place, copy: str, untested: Untested) -> None:
    """Count the copy with the queries that counted the source, and note what differs.

    Raises:
        TargetError: the server refused, or the connection broke.
    """
    claimed = recovery.manifest.inventory
    checksums = any(table.checksum is not None for table in claimed.tables)
    with place.reading(recovery.watch, copy) as connection:
        restored = inventory_of(connection, checksums=checksums)
    comparison = compare(claimed, restored, untested=untested)
    recovery.findings.checks += comparison.checks
    recovery.findings.tables = comparison.tables


def inventory_of(connection: Connection, *, checksums: bool) -> Inventory:
    """Everything in a database at this moment, sequences included."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inventory = take_inventory(connection, list_relations(connection), checksums=checksums)
    return inventory.model_copy(update={"sequences": read_sequences(connection)})


def validate_copy(
    recovery: Recovery, place: Place, copy: str, queries: Iterable[ValidationQuery], seconds: int
) -> None:
    """Put each of the owner's queries to the copy, read-only and for a limited time.

    Raises:
        TargetError: no connection can be had.
    """
    for query in queries:
        with place.reading(recovery.watch, copy) as connection:
            problem = _answer(connection, query, seconds)
        recovery.watch.check()
        recovery.findings.note(f"validation: {query.name}", (problem,) if problem else ())


def _answer(connection: Connection, query: ValidationQuery, seconds: int) -> str | None:
    """What is wrong with the answer, in a sentence; None when it is as expected."""
    limit = sql.SQL("SET LOCAL statement_timeout = {}").format(sql.Literal(f"{seconds}s"))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute("SET LOCAL search_path = public")
            connection.execute(limit)
            cursor = connection.execute(query.sql.encode())
            if cursor.description is None:
                return "The query gives no rows to judge."
            rows = cursor.fetchmany(_MOST_ROWS)
    except psycopg.errors.QueryCanceled:
        return f"The query took longer than {seconds} s."
    except psycopg.Error as error:
        if connection.broken:
            raise
        return f"The query failed: {error.diag.message_primary or error}"
    return parse_expectation(query.expect).judge(rows)
