"""How an event that a function was invoked with is read, with words for whatever makes no sense."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lifeboat.errors import EventError
from lifeboat.model.pasted_passwords import NOT_SHOWN, may_hold_password

_OWN_WORDS = "lifeboat"
_SHOWN = 60
_TOLD = 10


class Request(BaseModel):
    """What a person or a schedule asks of a function."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def own_words(problem: str) -> PydanticCustomError:
    """For validators that know better than "it may be ..." what is wrong."""
    return PydanticCustomError(_OWN_WORDS, "{problem}", {"problem": problem})


def show(value: object) -> str:
    """Anything that somebody wrote, short and in ASCII; but no secret pasted into a wrong place."""
    text = ascii(value)
    if may_hold_password(text):
        return NOT_SHOWN
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True)
class Grammar[R: Request]:
    """The events that a function understands.

    Attributes:
        request: the model of a request.
        may_be: what the value of each key may be, in words.
        samples: events that work, for the reader of an error to copy.
    """

    request: type[R]
    may_be: Mapping[str, str]
    samples: tuple[Mapping[str, object], ...]

    def read(self, event: object) -> R:
        """The request that an event makes.

        Raises:
            EventError: it makes none; says of every key what it has and what it may be.
        """
        if not isinstance(event, dict):
            raise self.refusal([f"the event is {show(event)}, not a JSON object"])
        problems = [
            f"key {show(key)} is unknown; known are {', '.join(self.may_be)}"
            for key in event
            if key not in self.may_be
        ]
        asked = {key: value for key, value in event.items() if key in self.may_be}
        try:
            request = self.request.model_validate(asked)
        except ValidationError as error:
            problems += map(self._problem, error.errors(include_url=False))
        else:
            if not problems:
                return request
        raise self.refusal(problems)

    def _problem(self, detail: ErrorDetails) -> str:
        if detail["type"] == _OWN_WORDS:
            return detail["msg"]
        key = str(detail["loc"][0])
        has = "is missing" if detail["type"] == "missing" else f"has {show(detail['input'])}"
        return f"key '{key}' {has}; it may be {self.may_be[key]}"

    def refusal(self, problems: list[str]) -> EventError:
        """The error that says what is wrong, and which events work."""
        samples = " or ".join(json.dumps(sample) for sample in self.samples)
        more = len(problems) - _TOLD
        rest = [f"and {more} more"] if more > 0 else []
        told = "; ".join([*problems[:_TOLD], *rest])
        return EventError(f"The event makes no sense: {told}.", todo=f"Send {samples}.")
