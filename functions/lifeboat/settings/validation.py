"""Validation queries: drills run them in a restored copy."""

from typing import Annotated

from lifeboat.settings.fields import SettingsModel, expected_error, expects, matching

_OPERATOR = r"(?:=|!=|<=?|>=?)"
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'

EXPECTATION = (
    r"no rows"
    rf"|rows *(?P<rows_operator>{_OPERATOR}) *(?P<rows>0|[1-9][0-9]{{0,17}})"
    rf"|value *(?P<operator>{_OPERATOR}) *(?P<number>{_NUMBER})"
    rf"|value *(?P<equality>!?=) *(?P<text>{_STRING}|true|false|null)"
)
"""A regular expression for the whole text of an expected result.

`rows` is the number of rows; `value` is the only value of the only row, compared with a JSON number
or other JSON text. `lifeboat.drill.policy.validation` evaluates the groups.
"""

Expectation = Annotated[
    str,
    matching(EXPECTATION),
    expects(
        "'no rows', 'rows <op> <number>' or 'value <op> <number>' with one of = != < <= > >=, or "
        "'value = <JSON>' (also !=) with a quoted string, true, false or null; "
        "such as 'rows > 0' or 'value = \"open\"'"
    ),
]

QueryName = Annotated[
    str,
    matching(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]{0,58}[^\x00-\x20\x7f])?"),
    expects("1 to 60 characters of a single line, such as 'has users'"),
]

Query = Annotated[
    str,
    matching(r"\s*(?i:select|with|values|table)\b[^\x00]*"),
    expects("one SQL query that begins with SELECT, WITH, VALUES or TABLE"),
]


class ValidationQuery(SettingsModel):
    """A query whose result a drill compares with an expected one.

    It runs in the restored copy, read-only, with `public` as its search path, and must end within
    `drill.validation_seconds`.
    """

    name: QueryName
    """What it shows, in a few words for the drill's report. Unique in its database."""

    sql: Query
    """The query; it cannot write."""

    expect: Expectation
    """The expected result."""


def unique_names(queries: tuple[ValidationQuery, ...]) -> tuple[ValidationQuery, ...]:
    """The queries, if no two have the same name; else a validation error."""
    if len({query.name for query in queries}) != len(queries):
        raise expected_error("a list in which each name is used once")
    return queries
