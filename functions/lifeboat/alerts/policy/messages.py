"""The messages that people get: what is wrong, since when, what is safe, what to do."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.alerts.policy.group_text import (
    first_per_database,
    group_details,
    group_headline,
    group_steps,
)
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.model.text import ago, format_time, line, printable

MAX_SUBJECT = 99
"""SNS takes subjects of fewer than 100 characters, all ASCII and without a line break.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

MAX_SLACK = 2900
"""Slack shows at most 3000 characters in one block of text.

https://docs.slack.dev/reference/block-kit/blocks/section-block
"""

RUNBOOK = "docs/runbooks/alarms.md"
"""Has a section for each code of a finding."""

_PLAIN = {chr(code) for code in range(ord(" "), ord("~") + 1)}
_MAX_DESCRIBED = 10
_MAX_LISTED = 50
_MAX_STACK = 24
_MAX_PLACE = 32


class Kind(StrEnum):
    """Why a message is sent: a finding is new, still critical, or resolved."""

    NEW = "new"
    REMINDER = "reminder"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, the same for every way of sending it.

    Attributes:
        subject: one line of ASCII, fewer than 100 characters.
        paragraphs: what is wrong; the last one names the installation.
        steps: what to do next, in order.
        databases: the databases that it is about; empty when it is about the bucket.
        attributes: for filters, never empty: kind, level, code and database, which is "-" for the
            bucket and a JSON array of names where there are several.
        installation: the stack that sends it.
    """

    subject: str
    paragraphs: tuple[str, ...]
    steps: tuple[str, ...] = ()
    databases: tuple[str, ...]
    attributes: Mapping[str, str]
    installation: Installation

    @property
    def body(self) -> str:
        """The whole text, for an email."""
        numbered = [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        todo = ["\n".join(["What to do:", *numbered])] if numbered else []
        *matter, installation = self.paragraphs
        return "\n\n".join([*matter, *todo, installation]) + "\n"


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
    still = "still: " if kind is Kind.REMINDER else ""
    text, more, matter = (_several if many else _single)(findings, now)
    advice = group_steps(findings) if many else map(line, first.advice)
    return _message(
        installation,
        subject=_subject(installation, f"{still}{text}", more),
        paragraphs=(f"{first.level.upper()}: {matter[0]}", *matter[1:]),
        steps=(
            *advice,
            f"Read more in the runbook: {RUNBOOK}, section {first.code}.",
            f"Show the whole status: {line(installation.commands.status())}",
        ),
        databases=databases,
        attributes=_attributes(kind, first.level, first.code.value, databases),
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
        f"{len(databases)} databases: {first.code} is resolved: {', '.join(databases)}"
        if several
        else f"{_whose(first.database)}: {first.code} is resolved"
    )
    return _message(
        installation,
        subject=_subject(installation, text, 0 if several else more),
        paragraphs=(
            "RESOLVED. This is no longer true:",
            "\n".join(lines),
            *_unlisted(len(alerts) - len(lines)),
        ),
        steps=(f"Do nothing. Show the whole status: {line(installation.commands.status())}",),
        databases=databases,
        attributes=_attributes(Kind.RESOLVED, first.level, first.code, databases),
    )


def _message(
    installation: Installation,
    *,
    subject: str,
    paragraphs: Iterable[str],
    steps: Iterable[str],
    databases: tuple[str, ...],
    attributes: Mapping[str, str],
) -> Message:
    return Message(
        subject=subject,
        paragraphs=(*map(printable, paragraphs), line(installation.sentence)),
        steps=tuple(map(printable, steps)),
        databases=databases,
        attributes=attributes,
        installation=installation,
    )


def described(finding: Finding, now: datetime) -> str:
    """What, since when, against which limit, and what is safe: a line each."""
    lines = [f"What: {line(finding.fact)}"]
    if finding.since:
        label = "From" if finding.since > now else "Since"
        lines.append(f"{label}: {format_time(finding.since)} ({ago(finding.since, now)})")
    if finding.limit:
        lines.append(f"Limit: {line(finding.limit)}")
    return "\n".join([*lines, f"Safe: {line(finding.safe)}"])


def slack_text(message: Message) -> str:
    """The message as JSON that Amazon Q Developer shows in Slack or Teams; published as it is.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    about = message.attributes
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": _escaped(message.subject),
                "description": _shortened(_escaped("\n\n".join(message.paragraphs)), MAX_SLACK),
                "nextSteps": [_escaped(step) for step in message.steps],
                "keywords": [about["level"], *(message.databases or ["-"]), about["code"]],
            },
            "metadata": {
                "threadId": f"lifeboat:{message.installation.stack}:{about['code']}",
                "summary": message.subject,
                "eventType": about["code"],
            },
        }
    )


def webhook_payload(message: Message) -> dict[str, object]:
    """The message as an object for the webhook; `version` is the format's.

    Version 2 has `databases`, a list, where version 1 had the name of one, and says which
    installation sent it.
    """
    about = message.attributes
    return {
        "version": 2,
        "source": "lifeboat",
        "account": message.installation.account,
        "region": message.installation.region,
        "stack": message.installation.stack,
        "subject": message.subject,
        "body": message.body,
        "steps": list(message.steps),
        "kind": about["kind"],
        "level": about["level"],
        "code": about["code"],
        "databases": list(message.databases),
    }


def _whose(database: str | None) -> str:
    return database or "the bucket"


def _databases(names: Iterable[str | None]) -> tuple[str, ...]:
    """Each database once, in the order of the findings."""
    return tuple(dict.fromkeys(name for name in names if name))


def _attributes(kind: Kind, level: Level, code: str, databases: Sequence[str]) -> dict[str, str]:
    several = json.dumps(list(databases)) if len(databases) > 1 else None
    return {
        "kind": kind.value,
        "level": level.value,
        "code": code or "-",
        "database": several or next(iter(databases), "-"),
    }


def _subject(installation: Installation, text: str, more: int) -> str:
    """Stack, then what is wrong (phones show only the beginning), then account and region."""
    stack = _shortened(_plain(installation.stack), _MAX_STACK)
    place = _shortened(_plain(installation.place), _MAX_PLACE)
    rest = (f" (and {more} more)" if more else "") + (f" ({place})" if place else "")
    return _shortened(_plain(f"{stack}: {text}"), MAX_SUBJECT - len(rest)) + rest


def _plain(text: str) -> str:
    """One line of ASCII."""
    return "".join(each if each in _PLAIN else "?" for each in " ".join(text.split()))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _escaped(text: str) -> str:
    """The text with the three control characters of Slack's markdown escaped.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
