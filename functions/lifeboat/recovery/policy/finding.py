"""Findings of a comparison, and the check that they make."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lifeboat.model.drill_report import Check, Outcome
from lifeboat.model.text import line

_MAX_DETAILS = 50


@dataclass(frozen=True)
class Finding:
    """A detail of one check, and its effect on the outcome."""

    outcome: Outcome
    detail: str


def check_of(name: str, findings: Iterable[Finding]) -> Check:
    """The check with the worst outcome, and all details, the worst first."""
    found = list(findings)
    worst_first = (Outcome.FAILED, Outcome.UNTESTED, Outcome.PASSED)
    details = [each.detail for outcome in worst_first for each in found if each.outcome is outcome]
    outcomes = [each.outcome for each in found]
    outcome = next((each for each in worst_first if each in outcomes), Outcome.PASSED)
    return Check(
        name=name,
        outcome=outcome,
        details=first_details(details),
        found=0 if outcome is Outcome.PASSED else outcomes.count(outcome),
    )


def first_details(details: Collection[str]) -> tuple[str, ...]:
    """The first details, and the number of further ones: a report has to stay readable."""
    first = tuple(details)[:_MAX_DETAILS]
    more = len(details) - len(first)
    return (*first, f"And {more} more.") if more else first


def failed(detail: str) -> Finding:
    """A difference that fails the check."""
    return Finding(Outcome.FAILED, line(detail))


def untested(detail: str) -> Finding:
    """What could not be tested here."""
    return Finding(Outcome.UNTESTED, line(detail))


def passed(detail: str) -> Finding:
    """A note."""
    return Finding(Outcome.PASSED, line(detail))
