"""The text about findings with one code in several databases: what they share is said once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from lifeboat.alerts.policy.findings import Finding
from lifeboat.model.keys import BACKUP_ID
from lifeboat.model.steps import Step
from lifeboat.model.text import ago, format_time, line

DATABASE_PLACEHOLDER = "<database>"
"""Stands for the database's name in text that applies to several databases."""

_FIGURE = re.compile(r"(\d(?:[\d.,]*\d)?)")
_MANY = {"has": "have", "is": "are", "was": "were", "waits": "wait", "outgrows": "outgrow"}
_BACKUP = re.compile(BACKUP_ID)
_WORD = re.compile(r"[\w-]+")
_MAX_COMMANDS = 3


def first_per_database(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each database."""
    chosen: dict[str | None, Finding] = {}
    for each in findings:
        chosen.setdefault(each.database, each)
    return list(chosen.values())


def group_headline(findings: Sequence[Finding]) -> str:
    """The common headline of all of them: "have no backup for 26 to 31 h".

    If their headlines differ in more than figures, it names their code: "backup too old".
    """
    split = [_FIGURE.split(each.headline) for each in findings]
    if len({tuple(parts[::2]) for parts in split}) > 1:
        return f"have findings of one kind, {findings[0].code.replace('-', ' ')}"
    parts = [_range(column) for column in zip(*split, strict=True)]
    first, _, rest = "".join(parts).partition(" ")
    return f"{_MANY.get(first, first)} {rest}".replace(" its ", " their ")


def _range(column: Sequence[str]) -> str:
    """The common word or figure, or the range of different ones: "26 to 31"."""
    if len(set(column)) == 1:
        return column[0]
    ordered = sorted(set(column), key=_value)
    return f"{ordered[0]} to {ordered[-1]}"


def _value(figure: str) -> tuple[float, str]:
    plain = figure.replace(",", "")
    return (float(plain) if plain.count(".") <= 1 else 0), figure


def group_details(findings: Sequence[Finding], now: datetime) -> str:
    """A line for each database with its own figures, then what applies to all of them.

    Args:
        findings: the first of each database.
        now: when the message is sent.
    """
    shared = {
        "What": _shared({each.database or "": each.fact for each in findings}),
        "Safe": _shared(
            {each.database or "": _BACKUP.sub("<backup>", each.safe) for each in findings}
        ),
        "Limit": _shared({each.database or "": each.limit for each in findings}),
    }
    lines = [line(" ".join(_own(each, now, shared))) for each in findings]
    common = [f"{label}: {line(text)}" for label, text in shared.items() if text]
    return "\n".join([*lines, *(["", *common] if common else [])])


def _own(finding: Finding, now: datetime, shared: Mapping[str, str | None]) -> Iterator[str]:
    """What applies to this database alone."""
    since = (
        f", since {format_time(finding.since)} ({ago(finding.since, now)})" if finding.since else ""
    )
    yield f"{finding.database}: {finding.headline}{since}."
    if shared["What"] is None:
        yield finding.fact
    if shared["Limit"] is None and finding.limit:
        yield f"Limit: {finding.limit}."
    if shared["Safe"] is None:
        yield f"Safe: {finding.safe}"


def group_steps(findings: Sequence[Finding], most: int = _MAX_COMMANDS) -> tuple[Step, ...]:
    """Each step once; if commands differ, those of the first databases.

    Args:
        findings: with one code.
        most: of how many databases; a message is short, the status has all.
    """
    steps: list[Step] = []
    first = first_per_database(findings)
    for column in zip_longest(*(each.advice for each in first)):
        taken = [
            (each.database or "", step)
            for each, step in zip(first, column, strict=True)
            if step is not None
        ]
        steps += _merged(taken, most)
    return tuple(steps)


def _merged(taken: Sequence[tuple[str, Step]], most: int) -> Iterator[Step]:
    """One step of each database as one step, or as one for each of the first databases."""
    different = {step for _, step in taken}
    shown = taken[:1] if len(different) == 1 else taken[:most]
    rest = len(taken) - len(shown) if len(different) > 1 else 0
    if len({step.text for _, step in taken}) == 1:
        more = f" ({rest} more in the same way; the status has their commands)" if rest else ""
        yield Step(
            f"{line(taken[0][1].text)}{more}",
            "\n".join(line(step.command) for _, step in shown),
            "\n".join(line(step.without_program) for _, step in shown),
        )
        return
    for name, step in shown:
        yield Step(f"{name}: {line(step.text)}", line(step.command), line(step.without_program))
    if rest:
        yield Step(f"{rest} more in the same way; the status has their steps.")


def _shared(texts: Mapping[str, str]) -> str | None:
    """The text that is the same for all except for their names; None if they differ in more.

    Args:
        texts: by database name.
    """
    plain = {_nameless(name, text) for name, text in texts.items()}
    return plain.pop() if len(plain) == 1 else None


def _nameless(name: str, text: str) -> str:
    return _WORD.sub(lambda word: DATABASE_PLACEHOLDER if word[0] == name else word[0], text)
