"""Somebody who is told: a queue that is subscribed to a topic."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from local.aws import LocalAws
from local.mail import token_of

Notification = dict[str, Any]


def confirm(aws: LocalAws, topic: str, address: str) -> str:
    """Confirm an address by the token in its mail; the ARN of its subscription."""
    sns = aws.client("sns")
    token = token_of(topic, address)
    done: str = sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"]
    return done


@dataclass(frozen=True)
class Subscriber:
    """A queue, and what arrives in it."""

    aws: LocalAws
    queue: str

    @classmethod
    def of(cls, aws: LocalAws, topic: str) -> "Subscriber":
        """Make a queue and subscribe it to the topic of that ARN."""
        name = f"subscriber-{uuid4().hex[:8]}"
        arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made = aws.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
        aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return cls(aws, made["QueueUrl"])

    def arrived(self, seconds: int = 0) -> list[Notification]:
        """What is there, or comes within some seconds; it is taken out of the queue."""
        sqs = self.aws.client("sqs")
        received = sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=seconds
        ).get("Messages", [])
        for each in received:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in received]

    def wait_for(
        self, wanted: Callable[[Notification], bool], seconds: float = 60.0
    ) -> Notification:
        """The first notification that is wanted; the others are let go."""
        give_up, seen = time.monotonic() + seconds, []
        while time.monotonic() < give_up:
            for each in self.arrived(1):
                if wanted(each):
                    return each
                seen.append(each.get("Subject") or each["Message"])
        raise AssertionError(f"it never came, but: {seen}")

    def next(self) -> Notification:
        """The next notification."""
        return self.wait_for(lambda _each: True)

    def alarm(self, name: str | None = None, state: str | None = None) -> dict[str, Any]:
        """The next message of an alarm, or of that one, or about that state."""

        def wanted(each: Notification) -> bool:
            if not each["Message"].startswith('{"AlarmName"'):
                return False
            told = json.loads(each["Message"])
            return name in (None, told["AlarmName"]) and state in (None, told["NewStateValue"])

        told: dict[str, Any] = json.loads(self.wait_for(wanted)["Message"])
        return told
