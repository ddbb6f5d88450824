import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.drill.policy.validation import parse_expectation

UUID_TEXT = "6f1b3c1e-6b0c-4a39-9a2b-0c1f2d3e4f50"


def met(expectation: str, *rows: tuple[object, ...]) -> bool:
    return parse_expectation(expectation).judge(rows) is None


@pytest.mark.parametrize(
    ("expectation", "counts"),
    [
        ("no rows", {0}),
        ("rows = 2", {2}),
        ("rows != 2", {0, 1, 3}),
        ("rows < 2", {0, 1}),
        ("rows <= 2", {0, 1, 2}),
        ("rows > 1", {2, 3}),
        ("rows >= 1", {1, 2, 3}),
        ("rows>0", {1, 2, 3}),
    ],
)
def test_rows_are_counted_whatever_is_in_them(expectation: str, counts: set[int]) -> None:
    assert {n for n in range(4) if met(expectation, *[(None, "x")] * n)} == counts


@pytest.mark.parametrize(
    ("expectation", "value"),
    [
        ("value > 0", 1),
        ("value = 0.1", 0.1),
        ("value = 0.1", Decimal("0.100")),
        ("value <= 1e3", 1000),
        ("value >= -2", -2),
        ("value != 3", 4),
        ('value = "open"', "open"),
        ('value != "open"', "closed"),
        ('value = "\\u00e4\\n"', "ä\n"),
        ('value = "2026-11-22"', date(2026, 11, 22)),
        (f'value = "{UUID_TEXT}"', UUID(UUID_TEXT)),
        ('value = "NaN"', float("nan")),
        ("value = true", True),
        ("value != true", False),
        ("value = null", None),
        ("value != null", 0),
    ],
)
def test_a_value_that_is_expected_is_met(expectation: str, value: object) -> None:
    assert met(expectation, (value,))


@pytest.mark.parametrize(
    ("expectation", "value"),
    [
        ("value > 0", 0),
        ("value = 1", True),
        ("value = true", 1),
        ("value != true", 1),
        ("value > 0", "1"),
        ("value != 1", "2"),
        ('value = "1"', 1),
        ('value = "open"', "Open"),
        ("value > 0", Decimal("NaN")),
        ("value < 0", float("nan")),
        ("value != null", None),
        *[(f"value {operator} 0", None) for operator in ("=", "!=", "<", "<=", ">", ">=")],
        *[(f"value {operator} {x}", None) for operator in ("=", "!=") for x in ('"a"', "true")],
    ],
)
def test_another_value_another_type_and_null_meet_nothing(expectation: str, value: object) -> None:
    assert not met(expectation, (value,))


@pytest.mark.parametrize("rows", [[], [(1,), (1,)], [(1, 1)], [()]])
def test_a_value_must_be_the_only_one(rows: list[tuple[object, ...]]) -> None:
    problem = parse_expectation("value > 0").judge(rows)
    assert problem is not None
    assert problem.startswith(f"Expected value > 0: no single value but {len(rows)} rows")


@pytest.mark.parametrize(
    ("expectation", "rows", "words"),
    [
        ("no rows", [(1,), (2,)], "Expected no rows: 2 rows came."),
        ("value > 10", [(Decimal("9.50"),)], "Expected value > 10: 9.50 came."),
        ("value > 10", [(None,)], "Expected value > 10: NULL came."),
        ('value = "a"', [("b" * 99,)], f'Expected value = "a": \'{"b" * 59}... came.'),
    ],
)
def test_what_came_is_reported(
    expectation: str, rows: list[tuple[object, ...]], words: str
) -> None:
    assert parse_expectation(expectation).judge(rows) == words


@pytest.mark.parametrize(
    "text", ["", "rows", "rows > -1", "value", "value > x", 'value < "a"', "rows > 0\n", "no  rows"]
)
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an expectation"):
        parse_expectation(text)


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.binary()
    | st.dates()
    | st.lists(st.integers(), max_size=2)
)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_numbers_compare_as_they_do(one: int, other: int) -> None:
    for relation, holds in {
        "=": one == other,
        "!=": one != other,
        "<": one < other,
        "<=": one <= other,
        ">": one > other,
        ">=": one >= other,
    }.items():
        assert met(f"value {relation} {other}", (one,)) is holds


@given(st.text(), st.text())
def test_texts_are_equal_or_not(one: str, other: str) -> None:
    assert met(f"value = {json.dumps(one)}", (one,))
    assert met(f"value = {json.dumps(other)}", (one,)) is (one == other)
    assert met(f"value != {json.dumps(other)}", (one,)) is (one != other)


@given(
    st.sampled_from(["no rows", "rows > 1", "value > 0", 'value = "a"', "value = null"]),
    st.lists(st.lists(VALUES, max_size=3).map(tuple), max_size=3),
)
def test_any_answer_is_judged(expectation: str, rows: list[tuple[object, ...]]) -> None:
    problem = parse_expectation(expectation).judge(rows)
    assert problem is None or problem.startswith(f"Expected {expectation}: ")


def test_a_moment_is_compared_as_it_is_written() -> None:
    assert met('value = "2026-11-22 02:00:00+00:00"', (datetime(2026, 11, 22, 2, tzinfo=UTC),))
