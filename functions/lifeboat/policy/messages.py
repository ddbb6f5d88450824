"""What is sent to people, written for a tired one: what, since when, what is safe, what to do."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lifeboat.policy.findings import Finding, Level
from lifeboat.policy.told import Told
from lifeboat.policy.words import at, line, printable, span

LONGEST_SUBJECT = 99
"""SNS takes subjects of fewer than 100 characters, all ASCII and without a line break.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

LONGEST_SLACK = 2900
"""Slack shows at most 3000 characters in one block of text.

https://docs.slack.dev/reference/block-kit/blocks/section-block
"""

RUNBOOK = "docs/runbooks/alarms.md"
"""Has a section for each code of a finding."""

_PLAIN = {chr(code) for code in range(ord(" "), ord("~") + 1)}
_TOLD_WHOLE = 10


class Kind(StrEnum):
    """Why a message is sent."""

    NEW = "new"
    REMINDER = "reminder"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, the same for every way of sending it.

    Attributes:
        subject: the thing in one line: ASCII, fewer than 100 characters.
        paragraphs: what is the matter.
        steps: what to do next, in order.
        attributes: for filters: kind, level, code and database ("-" for none); never empty.
    """

    subject: str
    paragraphs: tuple[str, ...]
    steps: tuple[str, ...] = ()
    attributes: Mapping[str, str]

    @property
    def body(self) -> str:
        """The whole text, for a mail."""
        numbered = [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        todo = ["\n".join(["What to do:", *numbered])] if numbered else []
        return "\n\n".join([*self.paragraphs, *todo]) + "\n"


def raised(findings: Sequence[Finding], *, kind: Kind, now: datetime, where: str) -> Message:
    """What is wrong, or still wrong: findings of one kind about one database.

    Args:
        findings: at least one, the gravest first.
        kind: new, or a reminder.
        now: when it is told.
        where: the command that shows everything.
    """
    first, more = findings[0], len(findings) - 1
    still = "still: " if kind is Kind.REMINDER else ""
    told = findings[:_TOLD_WHOLE]
    rest = len(findings) - len(told)
    return _message(
        subject=_subject(f"{still}{_whose(first.database)} {first.headline}", more),
        paragraphs=(
            f"{first.level.upper()}: {_whose(first.database)} {first.headline}."
            + (f" The same holds {more} times more." if more else ""),
            *(described(each, now) for each in told),
            *([f"And {rest} more, which the status lists."] if rest else []),
        ),
        steps=(
            *first.advice,
            f"What it means, in full: {RUNBOOK}, under {first.code}.",
            f"Everything at a glance: {where}",
        ),
        attributes=_attributes(kind, first.level, first.code.value, first.database or ""),
    )


def over(told: Sequence[Told], *, now: datetime, where: str) -> Message:
    """What was wrong and is right again: things told of one kind about one database.

    Args:
        told: at least one.
        now: when it is told.
        where: the command that shows everything.
    """
    first, more = told[0], len(told) - 1
    lines = [
        f"{_whose(each.database)} {each.headline}; told since {at(each.since)}"
        f" ({span(now - each.since)})"
        for each in told[:_TOLD_WHOLE]
    ]
    return _message(
        subject=_subject(f"{_whose(first.database)} is right again: {first.code}", more),
        paragraphs=("RIGHT AGAIN. This is no longer so:", "\n".join(lines)),
        steps=(f"Nothing. Everything at a glance: {where}",),
        attributes=_attributes(Kind.OVER, first.level, first.code, first.database),
    )


def _message(
    subject: str, paragraphs: Iterable[str], steps: Iterable[str], attributes: Mapping[str, str]
) -> Message:
    return Message(
        subject=subject,
        paragraphs=tuple(map(printable, paragraphs)),
        steps=tuple(map(printable, steps)),
        attributes=attributes,
    )


def described(finding: Finding, now: datetime) -> str:
    """What, since when, against which limit, and what is safe: a line each."""
    lines = [f"What: {line(finding.fact)}"]
    if finding.since:
        lines.append(f"Since: {at(finding.since)} ({span(now - finding.since)} ago)")
    if finding.limit:
        lines.append(f"Limit: {line(finding.limit)}")
    return "\n".join([*lines, f"Safe: {finding.safe}"])


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
                "description": _shortened(_escaped("\n\n".join(message.paragraphs)), LONGEST_SLACK),
                "nextSteps": [_escaped(step) for step in message.steps],
                "keywords": [about["level"], about["database"], about["code"]],
            },
            "metadata": {
                "threadId": f"lifeboat:{about['database']}:{about['code']}",
                "summary": message.subject,
                "eventType": about["code"],
            },
        }
    )


def webhook_payload(message: Message) -> dict[str, object]:
    """The message as an object for whoever receives the webhook; `version` is the form's."""
    return {
        "version": 1,
        "source": "lifeboat",
        "subject": message.subject,
        "body": message.body,
        "steps": list(message.steps),
        **message.attributes,
    }


def _whose(database: str | None) -> str:
    return database or "the vault"


def _attributes(kind: Kind, level: Level, code: str, database: str) -> dict[str, str]:
    return {
        "kind": kind.value,
        "level": level.value,
        "code": code or "-",
        "database": database or "-",
    }


def _subject(text: str, more: int) -> str:
    rest = f" (and {more} more)" if more else ""
    one_line = " ".join(f"Lifeboat: {text}".split())
    plain = "".join(each if each in _PLAIN else "?" for each in one_line)
    return _shortened(plain, LONGEST_SUBJECT - len(rest)) + rest


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _escaped(text: str) -> str:
    """Slack's markdown takes these three for itself.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
