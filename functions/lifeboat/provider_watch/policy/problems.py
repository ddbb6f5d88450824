"""What a failed look at a provider comes to: whose fault it is, and what to do."""

from collections.abc import Mapping

from lifeboat.errors import (
    LifeboatError,
    ProviderBusyError,
    ProviderContractError,
    ProviderDownError,
    ProviderError,
    ProviderGoneError,
    ProviderKeyError,
    ProviderLimitError,
    ProviderRightError,
    RefusedError,
    SecretError,
)
from lifeboat.model.provider import MAX_TEXT, ProblemKind, ProviderProblem
from lifeboat.model.redact import without
from lifeboat.model.text import line

_KINDS: Mapping[type[LifeboatError], ProblemKind] = {
    SecretError: ProblemKind.KEY,
    ProviderKeyError: ProblemKind.KEY,
    ProviderRightError: ProblemKind.RIGHTS,
    ProviderGoneError: ProblemKind.MISSING,
    ProviderLimitError: ProblemKind.LIMITS,
    ProviderBusyError: ProblemKind.DOWN,
    ProviderDownError: ProblemKind.DOWN,
    ProviderContractError: ProblemKind.CONTRACT,
    RefusedError: ProblemKind.SETTINGS,
}

_NOT_OFFERED = frozenset({ProviderRightError, ProviderGoneError, ProviderLimitError, ProviderError})


def is_not_offered(error: ProviderError) -> bool:
    """Whether a part of the API refuses for good, as it may on a plan that lacks it.

    The contract doesn't say how a plan without snapshots answers. A wrong key, an answer that
    breaks the contract and an API that is down are problems on every plan.
    """
    return type(error) in _NOT_OFFERED


def problem_of(error: LifeboatError, key: str | None) -> ProviderProblem:
    """The problem that an error comes to.

    Args:
        error: that ended a look, or a part of it.
        key: the API key, which no text may have; None if it could not be read.
    """
    # A request that Neon refuses for no reason that its contract names broke the contract.
    kind = _KINDS.get(type(error), ProblemKind.CONTRACT)
    return ProviderProblem(kind=kind, what=_text(error.what, key), next_step=_text(error.todo, key))


def _text(text: str, key: str | None) -> str:
    told = line(without(text, key))
    return told if len(told) <= MAX_TEXT else f"{told[: MAX_TEXT - 3]}..."
