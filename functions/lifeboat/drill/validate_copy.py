"""Runs the owner's validation queries on a restored copy."""

import psycopg
from psycopg import sql

from lifeboat.drill.policy.validation import parse_expectation
from lifeboat.drill.run import DrillRun
from lifeboat.postgres.connect import Connection
from lifeboat.settings import ValidationQuery

_MAX_ROWS = 10_000
"""Rows to read of a validation query: no expectation needs more, and memory is limited."""


def validate_copy(run: DrillRun) -> None:
    """Run each of the owner's queries on the copy, read-only and with a time limit.

    Raises:
        TargetError: no connection can be had.
    """
    for query in run.database.validation:
        with run.reading() as connection:
            problem = _answer(connection, query, run.settings.drill.validation_seconds)
        run.scope.check()
        run.add_check(f"validation: {query.name}", (problem,) if problem else ())


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
            rows = cursor.fetchmany(_MAX_ROWS)
    except psycopg.errors.QueryCanceled:
        return f"The query took longer than {seconds} s."
    except psycopg.Error as error:
        if connection.broken:
            raise
        return f"The query failed: {error.diag.message_primary or error}"
    return parse_expectation(query.expect).judge(rows)
