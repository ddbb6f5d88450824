"""What cures a database whose backups can't be restored whole, by the errors of a restore.

Such a backup is true: the database itself has rows or functions that no restore can take. Every
backup of it fails in the same way, so the cure is told before somebody needs one.
"""

import re
from collections.abc import Iterable, Iterator

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem

_BARE_NAME = re.compile(
    r'(?:function|procedure) [^.(\n]+\(|(?:relation|type|text search configuration) "[^".\n]+" does'
)
"""pg_dump qualifies all names, so one without a schema comes from the body of a function."""

_FUNCTION = re.compile(r'SQL function "([^"\n]+)"|PL/pgSQL function ([^\n]{1,200}?\)) line ')
_MANUAL = "docs/runbooks/lifeboat-is-gone.md#if-a-function-misses-its-search-path"

_FOREIGN_KEY = (
    "Rows of the source refer to rows that it doesn't have, as its keys were switched off for a"
    " while. There, delete or complete these rows. Until then, drop the key and add it again with"
    " NOT VALID: a restore takes it so."
)
_CHECK = (
    "A CHECK refuses rows that the source has: it reads other tables, or its function has changed."
    " There, drop it and add it again with NOT VALID (restores then add it after the rows), or make"
    " it a trigger."
)
_UNIQUE = (
    "The source has rows that its unique index should have refused. There, find them with a query"
    " that reads the table (SET enable_indexscan = off), remove them, then REINDEX."
)


def cures(problems: Iterable[RestoreProblem]) -> tuple[str, ...]:
    """What to do in the source, a few sentences for each kind of error; empty if unknown."""
    return tuple(dict.fromkeys(each for problem in problems for each in _cures(problem)))


def _cures(problem: RestoreProblem) -> Iterator[str]:
    if problem.error.endswith(" does not exist") and _BARE_NAME.match(problem.error):
        if function := _FUNCTION.search(problem.rest):
            yield _search_path(function[1] or function[2])
    elif "violates foreign key constraint" in problem.error and problem.statement:
        yield _FOREIGN_KEY
    elif "violates check constraint" in problem.error and not problem.statement:
        yield _CHECK
    elif problem.error.startswith("could not create unique index"):
        yield _UNIQUE


def _search_path(function: str) -> str:
    called = function if "(" in function else f"{function}(<its arguments>)"
    return (
        f"The function {function} finds what it uses by a search path, which restores don't have."
        f" In the source, run: ALTER FUNCTION {called} SET search_path = <the schemas that it"
        " uses, such as public>; then take a new backup. This one can be restored as"
        f" {_MANUAL} says."
    )
