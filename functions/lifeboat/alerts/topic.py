"""Sends messages to an SNS topic, and so to its subscribers."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.alerts.policy.message import Message, slack_text
from lifeboat.errors import NotificationError

_TODO = (
    "Deploy the stack unchanged (make deploy), which restores the topic and the right to publish;"
    " if its messages are encrypted, check that the KMS key is enabled."
)


@dataclass(frozen=True)
class Topic:
    """An SNS topic.

    Attributes:
        client: of SNS.
        arn: the topic's.
        slack: Amazon Q Developer is also subscribed, and shows messages in Slack or Teams.
    """

    client: Any
    arn: str
    slack: bool = False

    def send(self, message: Message) -> None:
        """Publish it, with attributes for subscribers' filters.

        If it is about several databases, a filter on one of their names matches.
        https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html

        Amazon Q Developer is subscribed by HTTPS and needs its own JSON; all others get plain
        text.
        https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html

        Raises:
            NotificationError: SNS refused or failed.
        """
        several = {"database"} if len(message.databases) > 1 else set()
        attributes = {
            name: {
                "DataType": "String.Array" if name in several else "String",
                "StringValue": value,
            }
            for name, value in message.attributes.items()
        }
        try:
            self.client.publish(
                TopicArn=self.arn,
                Subject=message.subject,
                MessageAttributes=attributes,
                **self._content(message),
            )
        except (BotoCoreError, ClientError) as error:
            raise NotificationError(
                f"Publishing '{message.subject}' to {self.arn} failed: {error}", todo=_TODO
            ) from error

    def _content(self, message: Message) -> dict[str, str]:
        if not self.slack:
            return {"Message": message.body}
        each = {"default": message.body, "https": slack_text(message)}
        return {"Message": json.dumps(each), "MessageStructure": "json"}
