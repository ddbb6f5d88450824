"""Questions that a database's owner puts to a restored copy of it."""

from typing import Annotated

from lifeboat.settings.fields import Frozen, matching, may_be, refusal

_OPERATOR = r"(?:=|!=|<=?|>=?)"
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'

EXPECTATION = (
    r"no rows"
    rf"|rows *(?P<rows_operator>{_OPERATOR}) *(?P<rows>0|[1-9][0-9]{{0,17}})"
    rf"|value *(?P<operator>{_OPERATOR}) *(?P<number>{_NUMBER})"
    rf"|value *(?P<equality>!?=) *(?P<text>{_STRING}|true|false|null)"
)
"""What a validation query may be expected to give, as a regular expression over the whole text.

`rows` counts the rows; `value` is the only value of the only row, compared with a JSON number or
with other JSON text. What it means is for `lifeboat.drill.policy.validation`, which reads the
groups.
"""

Expectation = Annotated[
    str,
    matching(EXPECTATION),
    may_be(
        "'no rows', 'rows <op> <number>' or 'value <op> <number>' with one of = != < <= > >=, or "
        "'value = <JSON>' (also !=) with a quoted string, true, false or null; "
        "such as 'rows > 0' or 'value = \"open\"'"
    ),
]

QueryName = Annotated[
    str,
    matching(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]{0,58}[^\x00-\x20\x7f])?"),
    may_be("1 to 60 characters of a single line, such as 'has users'"),
]

Query = Annotated[
    str,
    matching(r"\s*(?i:select|with|values|table)\b[^\x00]*"),
    may_be("one SQL query that begins with SELECT, WITH, VALUES or TABLE"),
]


class ValidationQuery(Frozen):
    """A query whose answer a drill compares with what is expected of it.

    It runs in the restored copy, read-only, with `public` as its search path, and must be over
    within `drill.validation_seconds`.
    """

    name: QueryName
    """What it shows, in a few words: the drill's report calls it so. Unique in its database."""

    sql: Query
    """The query; only what it reads matters, as it cannot write."""

    expect: Expectation
    """What its result has to be."""


def named_once(queries: tuple[ValidationQuery, ...]) -> tuple[ValidationQuery, ...]:
    """The queries, if no two have the same name."""
    if len({query.name for query in queries}) != len(queries):
        raise refusal("a list in which each name is used once")
    return queries
