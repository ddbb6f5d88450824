"""Reads the event of an invocation, and explains each problem in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lifeboat.errors import EventError
from lifeboat.model.pasted_passwords import NOT_SHOWN, may_hold_password

_CUSTOM = "lifeboat"
_MAX_SHOWN = 60
_MAX_PROBLEMS = 10


class Request(BaseModel):
    """What a person or a schedule requests of a function."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def custom_error(problem: str) -> PydanticCustomError:
    """An error for validators that can say more than "it may be ..."."""
    return PydanticCustomError(_CUSTOM, "{problem}", {"problem": problem})


def show(value: object) -> str:
    """A value from an event, short and in ASCII; a value that may be a secret is not shown."""
    text = ascii(value)
    if may_hold_password(text):
        return NOT_SHOWN
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


@dataclass(frozen=True)
class EventParser[R: Request]:
    """Parses and checks the events of a function.

    Attributes:
        request: the model of a request.
        expected: what each key may be, in words.
        samples: valid events that the reader of an error can copy.
    """

    request: type[R]
    expected: Mapping[str, str]
    samples: tuple[Mapping[str, object], ...]

    def read(self, event: object) -> R:
        """The request in an event.

        Raises:
            EventError: the event is invalid; it says for each bad key what is expected.
        """
        if not isinstance(event, dict):
            raise self.error([f"the event is {show(event)}, not a JSON object"])
        problems = [
            f"key {show(key)} is unknown; known are {', '.join(self.expected)}"
            for key in event
            if key not in self.expected
        ]
        asked = {key: value for key, value in event.items() if key in self.expected}
        try:
            request = self.request.model_validate(asked)
        except ValidationError as error:
            problems += map(self._problem, error.errors(include_url=False))
        else:
            if not problems:
                return request
        raise self.error(problems)

    def _problem(self, detail: ErrorDetails) -> str:
        if detail["type"] == _CUSTOM:
            return detail["msg"]
        key = str(detail["loc"][0])
        has = "is missing" if detail["type"] == "missing" else f"has {show(detail['input'])}"
        return f"key '{key}' {has}; it may be {self.expected[key]}"

    def error(self, problems: list[str]) -> EventError:
        """The error that lists the problems, and shows valid events."""
        samples = " or ".join(json.dumps(sample) for sample in self.samples)
        more = len(problems) - _MAX_PROBLEMS
        rest = [f"and {more} more"] if more > 0 else []
        text = "; ".join([*problems[:_MAX_PROBLEMS], *rest])
        return EventError(f"Invalid event: {text}.", todo=f"Send {samples}.")
