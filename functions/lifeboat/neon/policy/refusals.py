"""The error that an answer of Neon's API comes to: what failed, and what to do next."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, ValidationError

from lifeboat.errors import (
    ProviderBusyError,
    ProviderContractError,
    ProviderDownError,
    ProviderError,
    ProviderGoneError,
    ProviderKeyError,
    ProviderLimitError,
    ProviderOperationError,
    ProviderRightError,
)
from lifeboat.model.redact import without
from lifeboat.model.text import line
from lifeboat.neon.policy.retry import LOCKED, TOO_MANY
from lifeboat.neon.records import Operation

_MAX_MESSAGE = 400
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_LIMIT = re.compile(r"LIMIT|QUOTA", re.IGNORECASE)
_CLIENT_ERRORS = range(400, 500)

NEW_KEY = (
    "Make an API key in the Neon console (of the organization, for this project alone, if its plan"
    " has such keys), and store it in the secret of Neon's API key."
)
"""What to do about a key that can't be used. https://neon.com/docs/manage/api-keys"""

_TODO: dict[type[ProviderError], str] = {
    ProviderKeyError: NEW_KEY,
    ProviderRightError: "Use a key of the project's organization, or give its owner the right in"
    " the Neon console.",
    ProviderGoneError: "Look whether it is in the Neon console, compare the project's id in the"
    " settings, and use a key of the account that it is in. Neon can recover a project or a branch"
    " for 7 days after its deletion.",
    ProviderLimitError: "Delete branches or snapshots that nobody needs, wait for the next billing"
    " period, or choose a larger plan in the Neon console.",
    ProviderBusyError: "Try again in a few minutes; the Neon console shows under Monitoring what"
    " the project is busy with.",
    ProviderDownError: "Look at https://neonstatus.com, and try again when Neon is up.",
    ProviderContractError: "Update Lifeboat (git pull && make deploy). If that doesn't help, report"
    " it with this message; until then, use the Neon console.",
    ProviderError: "Read what Neon says, and correct it; if nothing is wrong there, report it with"
    " this message.",
}

_KINDS: dict[int, type[ProviderError]] = {
    HTTPStatus.UNAUTHORIZED: ProviderKeyError,
    HTTPStatus.FORBIDDEN: ProviderRightError,
    HTTPStatus.NOT_FOUND: ProviderGoneError,
    LOCKED: ProviderBusyError,
    TOO_MANY: ProviderBusyError,
}


class GeneralError(BaseModel):
    """The body of every refusal, as the contract calls it. All of it is hostile text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: str = ""
    code: str = ""
    request_id: str | None = None


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success.

    Attributes:
        status: of HTTP.
        said: its body, as far as it could be read.
    """

    status: int
    said: GeneralError

    @classmethod
    def of(cls, status: int, body: bytes, key: str) -> "Refusal":
        """Read the body; one that isn't Neon's, such as a proxy's page, counts as empty.

        Args:
            status: of HTTP.
            body: JSON, if it is Neon's.
            key: is removed from what it says.
        """
        try:
            said = GeneralError.model_validate_json(body)
        except ValidationError:
            return cls(status, GeneralError())
        words = {name: value and without(value, key) for name, value in said}
        return cls(status, said.model_copy(update=words))

    @property
    def limited(self) -> bool:
        """Whether it is about a limit of the plan, such as BRANCHES_LIMIT_EXCEEDED.

        A rate limit isn't one: it passes.
        """
        if self.status == HTTPStatus.PAYMENT_REQUIRED:
            return True
        about_limit = self.status in _CLIENT_ERRORS and self.status != TOO_MANY
        return about_limit and bool(_LIMIT.search(self.said.code))

    def error(self, purpose: str) -> ProviderError:
        """The error.

        Args:
            purpose: what was asked for, such as "read the project x-1"; follows "Could not".
        """
        kind = self._kind()
        return kind(f"Could not {purpose}: {self._words()}.", todo=_TODO[kind])

    @property
    def uncertain(self) -> bool:
        """Whether a request that changes something may have been carried out all the same."""
        return self._kind() in {ProviderDownError, ProviderContractError} and (
            self.status != HTTPStatus.SERVICE_UNAVAILABLE
        )

    def _kind(self) -> type[ProviderError]:
        if self.limited:
            return ProviderLimitError
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ProviderDownError
        # A redirection is not followed, as it would take the key elsewhere; nor is anything else
        # that is no refusal what the contract says.
        other = ProviderError if self.status in _CLIENT_ERRORS else ProviderContractError
        return _KINDS.get(self.status, other)

    def _words(self) -> str:
        words = f"Neon answers HTTP {self.status}"
        if self.said.code:
            words += f" {_short(self.said.code)}"
        if self.said.message:
            words += f', "{_short(self.said.message)}"'
        if _REQUEST_ID.fullmatch(self.said.request_id or ""):
            words += f" (request {self.said.request_id})"
        return words


def no_answer(purpose: str, why: str) -> ProviderDownError:
    """The error of a request that got no answer.

    Args:
        purpose: as in `Refusal.error`.
        why: a few words of our own, such as "the connection was refused".
    """
    return ProviderDownError(f"Could not {purpose}: {why}.", todo=_TODO[ProviderDownError])


def not_the_contract(purpose: str, what: str) -> ProviderContractError:
    """The error of an answer that is not what the contract says.

    Args:
        purpose: as in `Refusal.error`.
        what: says which part of the answer is wrong, and how.
    """
    return ProviderContractError(
        f"Could not {purpose}: Neon's answer is not what its contract says: {what}.",
        todo=_TODO[ProviderContractError],
    )


def still_busy(what: str) -> ProviderBusyError:
    """The error of an operation that has not ended in time."""
    return ProviderBusyError(what, todo=_TODO[ProviderBusyError])


def operation_failed(operation: Operation, key: str) -> ProviderOperationError:
    """The error of an operation that has ended without doing what it was for.

    Args:
        operation: that ended so.
        key: is removed from what Neon says.
    """
    said = _short(without(operation.error or "it gives no reason", key))
    return ProviderOperationError(
        f'Neon\'s operation {line(operation.action)} ended as "{operation.status}": {said}.',
        todo="Look at the operation in the Neon console under Monitoring, and try again.",
    )


def wrong_fields(error: ValidationError) -> str:
    """Which fields of an answer are wrong, and how; without their values, which may be secrets."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    listed = [f"{_place(each['loc'])}: {_short(each['msg'])}" for each in found[:3]]
    more = len(found) - len(listed)
    return "; ".join(listed) + (f"; and {more} more" if more else "")


def _place(location: tuple[int | str, ...]) -> str:
    return _short(".".join(map(str, location))) or "the whole"


def _short(text: str) -> str:
    """A text from Neon: on one line, and not long."""
    told = line(text[:_MAX_MESSAGE]).replace('"', "'")
    return told if len(text) <= _MAX_MESSAGE else f"{told}..."
