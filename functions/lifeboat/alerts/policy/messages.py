"""The messages that people get: what is wrong, what is safe, whether it can wait, what to do."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.group_text import (
    first_per_database,
    group_details,
    group_headline,
    group_steps,
)
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.links import alert_links, closing_links
from lifeboat.alerts.policy.local_times import with_local_times
from lifeboat.alerts.policy.message import Kind, Message
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.alerts.policy.subject import subject_of
from lifeboat.alerts.policy.urgency import Wait, wait_of
from lifeboat.model.steps import Step
from lifeboat.model.text import ago, format_time, line, printable

_MAX_DESCRIBED = 10
_MAX_LISTED = 50


def alert_message(
    findings: Sequence[Finding], *, kind: Kind, now: datetime, installation: Installation
) -> Message:
    """The message that something is wrong, or still wrong: findings with one code.

    Args:
        findings: at least one, the most severe first.
        kind: new, or a reminder.
        now: when it is sent.
        installation: the stack that sends it.
    """
    first = findings[0]
    databases = _databases(each.database for each in findings)
    many = len(databases) > 1
    wait = wait_of(first.code, first.level)
    still = "STILL " if kind is Kind.REMINDER else ""
    text, more, matter = (_several if many else _single)(findings, now)
    return _message(
        Message(
            subject=subject_of(installation, f"{still}{wait.urgency.order}: {text}", more),
            paragraphs=(*matter, f"Can it wait until morning? {wait.answer}"),
            steps=(
                *(group_steps(findings) if many else map(_on_lines, first.advice)),
                _on_lines(
                    installation.commands.to_see_status("See that it is over, or what is left")
                ),
            ),
            links=alert_links(first, installation),
            databases=databases,
            attributes=_attributes(kind, first.level, first.code.value, databases, wait),
            installation=installation,
        )
    )


def _single(findings: Sequence[Finding], now: datetime) -> tuple[str, int, list[str]]:
    """Subject, how many more findings there are, and paragraphs: all about one database."""
    more = len(findings) - 1
    text = f"{_whose(findings[0].database)} {line(findings[0].headline)}"
    details = [described(each, now) for each in findings[:_MAX_DESCRIBED]]
    likewise = f" {more} more of the same kind." if more else ""
    return text, more, [f"{text}.{likewise}", *details, *_unlisted(len(findings) - len(details))]


def _several(findings: Sequence[Finding], now: datetime) -> tuple[str, int, list[str]]:
    """The same about several databases."""
    first = first_per_database(findings)
    names = ", ".join(str(each.database) for each in first)
    text = f"{len(first)} databases {line(group_headline(first))}: {names}"
    more = len(findings) - len(first)
    likewise = f" {more} more findings of the same kind." if more else ""
    lines = group_details(first[:_MAX_LISTED], now)
    return text, 0, [f"{text}.{likewise}", lines, *_unlisted(len(first[_MAX_LISTED:]) + more)]


def _unlisted(count: int) -> list[str]:
    return [f"The status lists {count} more."] if count else []


def resolved_message(
    alerts: Sequence[SentAlert], *, now: datetime, installation: Installation
) -> Message:
    """The message that something is resolved: earlier alerts with one code.

    Args:
        alerts: at least one.
        now: when it is sent.
        installation: the stack that sends it.
    """
    first, more = alerts[0], len(alerts) - 1
    databases = _databases(each.database for each in alerts)
    several = len(databases) > 1
    lines = [
        f"{_whose(each.database)} {line(each.headline)}; first notified"
        f" {format_time(each.first_notified)} ({ago(each.first_notified, now)})"
        for each in alerts[:_MAX_LISTED]
    ]
    text = (
        f"{len(databases)} databases: no more {first.code}: {', '.join(databases)}"
        if several
        else f"{_whose(first.database)}: no more {first.code}"
    )
    return _message(
        Message(
            subject=subject_of(installation, f"RESOLVED: {text}", 0 if several else more),
            paragraphs=(
                "This is no longer true:",
                "\n".join(lines),
                *_unlisted(len(alerts) - len(lines)),
            ),
            steps=(
                _on_lines(installation.commands.to_see_status("Do nothing. To see everything")),
            ),
            links=closing_links(installation),
            databases=databases,
            attributes=_attributes(Kind.RESOLVED, first.level, first.code, databases),
            installation=installation,
        )
    )


def _message(message: Message) -> Message:
    """The same, in printable characters, and with people's own times."""

    def shown(text: str) -> str:
        return with_local_times(printable(text), message.installation.alerts.timezone)

    steps = [replace(each, text=shown(each.text)) for each in message.steps]
    return replace(
        message,
        paragraphs=tuple(map(shown, message.paragraphs)),
        steps=tuple(steps),
    )


def _on_lines(step: Step) -> Step:
    """The same with one line for the text, and one for each command."""
    return Step(line(step.text), line(step.command), line(step.without_program))


def described(finding: Finding, now: datetime) -> str:
    """What, what is safe, since when, and against which limit: a line each."""
    lines = [f"What: {line(finding.fact)}", f"Safe: {line(finding.safe)}"]
    if finding.since:
        label = "From" if finding.since > now else "Since"
        lines.append(f"{label}: {format_time(finding.since)} ({ago(finding.since, now)})")
    if finding.limit:
        lines.append(f"Limit: {line(finding.limit)}")
    return "\n".join(lines)


def _whose(database: str | None) -> str:
    return database or "the bucket"


def _databases(names: Iterable[str | None]) -> tuple[str, ...]:
    """Each database once, in the order of the findings."""
    return tuple(dict.fromkeys(name for name in names if name))


def _attributes(
    kind: Kind, level: Level, code: str, databases: Sequence[str], wait: Wait | None = None
) -> dict[str, str]:
    several = json.dumps(list(databases)) if len(databases) > 1 else None
    return {
        "kind": kind.value,
        "level": level.value,
        "urgency": wait.urgency.value if wait else "-",
        "code": code or "-",
        "database": several or next(iter(databases), "-"),
    }
