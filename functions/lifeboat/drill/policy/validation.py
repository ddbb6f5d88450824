"""The expectation of a validation query, and whether its result meets it."""

import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lifeboat.model.events import show
from lifeboat.settings import EXPECTATION

_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXPECTATION = re.compile(EXPECTATION)

type ExpectedValue = Decimal | str | bool | None


@dataclass(frozen=True)
class Expectation:
    """What has to come back.

    Attributes:
        text: as in the settings.
        of_rows: whether it is about the number of rows, not about the value in a single row.
        relation: of the result to `wanted`: one of = != < <= > >=.
        wanted: a number, or for a value also a text, true, false or null (None).
    """

    text: str
    of_rows: bool
    relation: str
    wanted: ExpectedValue

    def judge(self, rows: Sequence[tuple[object, ...]]) -> str | None:
        """None if the result meets it, else a sentence with the expected and the actual result.

        A value of another type than the expected one meets no relation, not even `!=`. The same is
        true for NULL, unless null is expected.

        Args:
            rows: of the query, as Python values.
        """
        if self.of_rows:
            met, came = self._holds(Decimal(len(rows))), f"{len(rows)} rows came"
        elif [len(row) for row in rows] == [1]:
            value = _plain(rows[0][0])
            met, came = self._is_met(value), f"{_shown(value)} came"
        else:
            columns = f" of {len(rows[0])} columns" if rows else ""
            met, came = False, f"no single value but {len(rows)} rows{columns} came"
        return None if met else f"Expected {self.text}: {came}."

    def _is_met(self, value: ExpectedValue) -> bool:
        if self.wanted is None or type(value) is type(self.wanted):
            return self._holds(value)
        return False

    def _holds(self, value: ExpectedValue) -> bool:
        return _HOLDS[self.relation](value, self.wanted)


def parse_expectation(text: str) -> Expectation:
    """Parse an expectation from the settings.

    Raises:
        ValueError: it means nothing; the settings have refused such a text at synth.
    """
    match = _EXPECTATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not an expectation: {text!r}")
    if match["rows"]:
        return Expectation(
            text, of_rows=True, relation=match["rows_operator"], wanted=Decimal(match["rows"])
        )
    if match["number"]:
        return Expectation(
            text, of_rows=False, relation=match["operator"], wanted=Decimal(match["number"])
        )
    if match["text"]:
        return Expectation(
            text, of_rows=False, relation=match["equality"], wanted=json.loads(match["text"])
        )
    return Expectation(text, of_rows=True, relation="=", wanted=Decimal(0))


def _plain(value: object) -> ExpectedValue:
    """The value in a type that expectations have.

    A value without a JSON type (date, UUID) becomes text, and so does NaN, which equals nothing.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if not isinstance(value, int | float | Decimal):
        return str(value)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return "NaN" if number.is_nan() else number


def _shown(value: ExpectedValue) -> str:
    if value is None:
        return "NULL"
    return show(value) if isinstance(value, str) else str(value)
