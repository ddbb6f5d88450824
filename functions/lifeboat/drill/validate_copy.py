"""Asks a restored copy the owner's questions."""

import psycopg
from psycopg import sql

from lifeboat.drill.policy.validation import parse_expectation
from lifeboat.drill.run import DrillRun
from lifeboat.postgres.connect import Connection
from lifeboat.settings import ValidationQuery

_MOST_ROWS = 10_000
"""Of a validation query; no expectation is about more, and memory has an end."""


def validate_copy(run: DrillRun) -> None:
    """Put each of the owner's queries to the copy, read-only and for a limited time.

    Raises:
        TargetError: no connection can be had.
    """
    for query in run.database.validation:
        with run.reading() as connection:
            problem = _answer(connection, query, run.settings.drill.validation_seconds)
        run.watch.check()
        run.note(f"validation: {query.name}", (problem,) if problem else ())


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
