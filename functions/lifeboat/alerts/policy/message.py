"""A message to people, and its forms: an email's text, Slack's JSON, the webhook's JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lifeboat.alerts.policy.installation import Installation
from lifeboat.model.steps import Step

MAX_SLACK = 2900
"""Slack shows at most 3000 characters in one block of text.

https://docs.slack.dev/reference/block-kit/blocks/section-block
"""


class Kind(StrEnum):
    """Why a message is sent: a finding is new, still critical, or resolved; or the digest."""

    NEW = "new"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    DIGEST = "digest"


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, the same for every way of sending it.

    Attributes:
        subject: one line of ASCII, fewer than 100 characters.
        paragraphs: what is wrong, what is safe, and whether it can wait.
        steps: what to do next, in order.
        links: where to read more, and how to silence it; the last one names the installation.
        databases: the databases that it is about; empty when it is about the bucket.
        attributes: for filters, never empty: kind, level, urgency, code and database, which is "-"
            for the bucket and a JSON array of names where there are several.
        installation: the stack that sends it.
    """

    subject: str
    paragraphs: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    links: tuple[str, ...] = ()
    databases: tuple[str, ...]
    attributes: Mapping[str, str]
    installation: Installation

    @property
    def body(self) -> str:
        """The whole text, for an email; each command is alone on its line."""
        return "\n\n".join([*self.paragraphs, *self._to_do(), "\n".join(self.links)]) + "\n"

    def _to_do(self) -> Iterator[str]:
        if self.steps:
            yield "What to do:"
        plain = []
        for number, step in enumerate(self.steps, 1):
            yield f"{number}. {step.text}{':' if step.command else ''}"
            if step.command:
                yield _block(step.command)
            if step.without_program:
                plain += [f"Step {number}:", _block(step.without_program)]
        if plain:
            yield "Without the program:"
            yield from plain


def _block(commands: str) -> str:
    return "\n".join(f"   {each}" for each in commands.split("\n"))


def slack_text(message: Message) -> str:
    """The message as JSON that Amazon Q Developer shows in Slack or Teams; published as it is.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    about = message.attributes
    text = "\n\n".join([*message.paragraphs, "\n".join(message.links)])
    return json.dumps(
        {
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": _escaped(message.subject),
                "description": shortened(_escaped(text), MAX_SLACK),
                "nextSteps": [_escaped(str(step)) for step in message.steps],
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
        "steps": [str(step) for step in message.steps],
        "kind": about["kind"],
        "level": about["level"],
        "urgency": about["urgency"],
        "code": about["code"],
        "databases": list(message.databases),
    }


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and three dots, in at most that many characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def _escaped(text: str) -> str:
    """The text with the three control characters of Slack's markdown escaped.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
