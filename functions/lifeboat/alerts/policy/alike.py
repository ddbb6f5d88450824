"""Findings of one kind about several databases in few words: what they share is said once."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from lifeboat.alerts.policy.findings import Finding
from lifeboat.model.keys import BACKUP_ID
from lifeboat.model.text import ago, format_time, line

OWN_NAME = "<database>"
"""Stands for a database's name in what is said once for several."""

_FIGURE = re.compile(r"(\d(?:[\d.,]*\d)?)")
_MANY = {"has": "have", "is": "are", "was": "were", "waits": "wait", "outgrows": "outgrow"}
_BACKUP = re.compile(BACKUP_ID)
_WORD = re.compile(r"[\w-]+")
_COMMANDS = 3


def first_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """The first finding of each database."""
    chosen: dict[str | None, Finding] = {}
    for each in findings:
        chosen.setdefault(each.database, each)
    return list(chosen.values())


def headline_of_many(findings: Sequence[Finding]) -> str:
    """What is wrong with all of them: "have no backup for 26 to 31 h".

    Where their headlines differ in more than figures it is the kind's name: "backup too old".
    """
    split = [_FIGURE.split(each.headline) for each in findings]
    if len({tuple(parts[::2]) for parts in split}) > 1:
        return f"have findings of one kind, {findings[0].code.replace('-', ' ')}"
    parts = [_range(column) for column in zip(*split, strict=True)]
    first, _, rest = "".join(parts).partition(" ")
    return f"{_MANY.get(first, first)} {rest}".replace(" its ", " their ")


def _range(column: Sequence[str]) -> str:
    """The same word or figure, or the least and the greatest of several."""
    if len(set(column)) == 1:
        return column[0]
    ordered = sorted(set(column), key=_value)
    return f"{ordered[0]} to {ordered[-1]}"


def _value(figure: str) -> tuple[float, str]:
    plain = figure.replace(",", "")
    return (float(plain) if plain.count(".") <= 1 else 0), figure


def of_each(findings: Sequence[Finding], now: datetime) -> str:
    """A line for each database with its own figures, then what holds for all of them.

    Args:
        findings: the first of each database.
        now: when it is told.
    """
    shared = {
        "What": _shared({each.database or "": each.fact for each in findings}),
        "Limit": _shared({each.database or "": each.limit for each in findings}),
        "Safe": _shared(
            {each.database or "": _BACKUP.sub("<backup>", each.safe) for each in findings}
        ),
    }
    lines = [line(" ".join(_own(each, now, shared))) for each in findings]
    common = [f"{label}: {line(text)}" for label, text in shared.items() if text]
    return "\n".join([*lines, *(["", *common] if common else [])])


def _own(finding: Finding, now: datetime, shared: Mapping[str, str | None]) -> Iterator[str]:
    """What holds for this database alone."""
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


def steps_of_many(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Each step once, with the command of the first databases below it where they differ."""
    steps, first = [], first_of_each(findings)
    for column in zip_longest(*(each.advice for each in first)):
        taken = [
            (each.database or "", step)
            for each, step in zip(first, column, strict=True)
            if step is not None
        ]
        if len({step for _, step in taken}) == 1:
            steps.append(line(taken[0][1]))
        else:
            steps.append(_commands(taken))
    return tuple(steps)


def _commands(taken: Sequence[tuple[str, str]]) -> str:
    heads = {step.partition(": ")[0] for _, step in taken}
    said = f"{heads.pop()}: " if len(heads) == 1 else ""
    lines = [f"{name}: {line(step.removeprefix(said))}" for name, step in taken[:_COMMANDS]]
    rest = len(taken) - len(lines)
    if rest > 0:
        lines.append(f"{rest} more in the same way; the status has their commands.")
    return "\n     ".join([line(said.rstrip()) or "Of each:", *lines])


def _shared(texts: Mapping[str, str]) -> str | None:
    """What all say alike but for their own names; None where they differ in more.

    Args:
        texts: by the databases' names.
    """
    plain = {_nameless(name, text) for name, text in texts.items()}
    return plain.pop() if len(plain) == 1 else None


def _nameless(name: str, text: str) -> str:
    return _WORD.sub(lambda word: OWN_NAME if word[0] == name else word[0], text)
