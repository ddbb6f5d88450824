"""The base of all answers of functions: each is a model, so every key is documented.

`docs/reference.md` and the JSON Schemas in `docs/schemas/` are made from these models.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer, or a part of one.

    Every key is always there: null, [] or {} where there is nothing to say. Times are in UTC, as
    ISO 8601.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True
    )

    never_logged: ClassVar[frozenset[str]] = frozenset()
    """Keys whose values give access to data: only the caller gets them, and no log."""

    def as_json(self) -> dict[str, object]:
        """The answer as plain values that any JSON encoder accepts."""
        return self.model_dump(mode="json", by_alias=True)

    def as_logged(self) -> dict[str, object]:
        """The same for a log, without what gives access to data."""
        return self.model_dump(mode="json", by_alias=True, exclude=set(self.never_logged))


class ErrorAnswer(Answer):
    """What Lambda returns when a function fails; `FunctionError` is set then.

    Attributes:
        errorType: the kind of the error, such as "RefusedError".
        errorMessage: three lines: what failed, then what is not affected (`Safe:`), then what to
            do (`Next:`).
        stackTrace: where in the code it failed; useful for a bug report.
        requestId: of the invocation, as in its log; null if Lambda does not give it.
    """

    errorType: str  # noqa: N815  # the names are Lambda's
    errorMessage: str  # noqa: N815
    stackTrace: tuple[str, ...] = ()  # noqa: N815
    requestId: str | None = None  # noqa: N815
