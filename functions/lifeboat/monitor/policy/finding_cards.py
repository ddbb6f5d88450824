"""What is wrong, and what to type: the findings on the status page, one card for each code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import chain

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.group_text import (
    first_per_database,
    group_details,
    group_headline,
    group_steps,
)
from lifeboat.alerts.policy.urgency import wait_of
from lifeboat.model.steps import Step
from lifeboat.model.text import ago, format_time, line

_MAX_DESCRIBED = 10
_MAX_LISTED = 50
_MOODS = {Level.CRITICAL: "failed", Level.WARNING: "partial", Level.INFO: ""}

FINDINGS_STYLE = """\
.findings { list-style: none; padding: 0; margin: 0; }
.findings > li { padding: .875rem 0 .875rem .875rem; border-top: 1px solid var(--line);
  border-left: .25rem solid var(--mood, var(--line)); }
.findings p, .findings ol { margin: .375rem 0; overflow-wrap: anywhere; }
.findings .code { color: var(--soft); font-size: .875rem; margin-left: .5rem; }
summary { color: var(--soft); font-size: .875rem; cursor: pointer; }
pre { margin: .375rem 0; padding: .5rem .75rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .375rem; white-space: pre-wrap;
  overflow-wrap: anywhere; font: .85rem/1.45 ui-monospace, Menlo, Consolas, monospace; }
"""


@dataclass(frozen=True)
class FindingCard:
    """The findings with one code and level.

    Attributes:
        anchor: its place on the page.
        findings: at least one.
    """

    anchor: str
    findings: tuple[Finding, ...]

    @property
    def databases(self) -> list[str]:
        """The databases that they are about, each once."""
        return list(dict.fromkeys(each.database for each in self.findings if each.database))


def cards_of(findings: Sequence[Finding]) -> tuple[FindingCard, ...]:
    """The findings by code and level, in their order."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.code, each.level), []).append(each)
    return tuple(
        FindingCard(f"f{number}", tuple(group)) for number, group in enumerate(groups.values(), 1)
    )


def anchors_of(cards: Sequence[FindingCard]) -> dict[str, str]:
    """Where the worst finding of each database is on the page."""
    found: dict[str, str] = {}
    for card in cards:
        for database in card.databases:
            found.setdefault(database, card.anchor)
    return found


def finding_cards(cards: Sequence[FindingCard], now: datetime) -> str:
    """All of them; every word of a finding is escaped."""
    if not cards:
        return "<p>Nothing is wrong. There is nothing to do.</p>"
    return f'<ul class="findings">{"".join(_card(each, now) for each in cards)}</ul>'


def _card(card: FindingCard, now: datetime) -> str:
    first = card.findings[0]
    many = len(card.databases) > 1
    headline, details = (_several if many else _single)(card, now)
    if first.level is not Level.INFO:
        wait = wait_of(first.code, first.level).answer
        details = chain(details, [f"Can it wait until morning? {wait}"])
    steps = group_steps(card.findings, len(card.databases)) if many else first.advice
    return (
        f'<li class="{_MOODS[first.level]}" id="{card.anchor}"><p>'
        f'<span class="tag">{escape(first.level)}</span> <strong>{_plain(headline)}</strong>'
        f'<span class="code">{escape(first.code)}</span></p>'
        f"{''.join(f'<p>{_plain(each)}</p>' for each in details)}"
        f"<ol>{''.join(map(_step, steps))}</ol></li>\n"
    )


def _single(card: FindingCard, now: datetime) -> tuple[str, Iterator[str]]:
    """Findings of one database, or of the bucket: each with its details."""
    first, more = card.findings[0], len(card.findings) - 1
    also = f" (and {more} more of the same kind)" if more else ""
    headline = f"{first.database or 'The bucket'} {first.headline}{also}"
    shown = card.findings[:_MAX_DESCRIBED]
    details = chain.from_iterable(_described(each, now) for each in shown)
    return headline, chain(details, _rest(len(card.findings) - len(shown)))


def _described(finding: Finding, now: datetime) -> Iterator[str]:
    yield finding.fact
    if finding.since:
        label = "From" if finding.since > now else "Since"
        yield f"{label} {format_time(finding.since)} ({ago(finding.since, now)})."
    if finding.limit:
        yield f"Limit: {finding.limit}."
    yield f"Safe: {finding.safe}"


def _several(card: FindingCard, now: datetime) -> tuple[str, Iterator[str]]:
    """Findings of several databases: a line each, and what they share once."""
    first = first_per_database(card.findings)
    listed = group_details(first[:_MAX_LISTED], now).split("\n")
    rest = len(card.findings) - len(first[:_MAX_LISTED])
    headline = f"{len(first)} databases {group_headline(first)}"
    return headline, chain(filter(None, listed), _rest(rest))


def _rest(count: int) -> Iterator[str]:
    if count:
        yield f"And {count} more of the same kind."


def _step(step: Step) -> str:
    """One step, with its command alone in a block; the long form is folded."""
    colon = ":" if step.command else ""
    folded = (
        f"<details><summary>Without the program</summary>{_block(step.without_program)}</details>"
        if step.without_program
        else ""
    )
    return f"<li>{_plain(step.text)}{colon}{_block(step.command)}{folded}</li>"


def _block(commands: str) -> str:
    """Commands, one a line, in a block."""
    lines = "\n".join(map(_plain, commands.split("\n")))
    return f"<pre>{lines}</pre>" if commands else ""


def _plain(text: str) -> str:
    """A text on one line, for HTML."""
    return escape(line(text))
