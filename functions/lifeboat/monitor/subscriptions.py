"""Reads from SNS who is subscribed to the topic."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.alerts.policy.topic_facts import Subscription, TopicFacts
from lifeboat.monitor.policy.facts import Unknown

MAX_PAGES = 10
"""Pages of a hundred subscriptions that are read at most."""

_TODO = (
    "Deploy the stack unchanged (make deploy), which restores the topic and the monitor's"
    " right to list its subscriptions."
)

_NO_ARN = {"PendingConfirmation": False, "Deleted": None}
"""Texts in place of a subscription's ARN: one that is not confirmed, or was deleted recently.

https://github.com/ansible/ansible/pull/20086
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
"""


def topic_facts(
    client: Any,  # noqa: ANN401 - boto3's
    arn: str,
    remaining: Callable[[], float],
) -> TopicFacts | Unknown:
    """All subscriptions of a topic, or the reason why some are unknown.

    Args:
        client: of SNS.
        arn: the topic's.
        remaining: gives the seconds until the run must end.
    """
    found: list[Subscription] = []
    token: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        if remaining() <= 0:
            return _unknown(arn, "the time for one check is over", "Read the monitor's log.")
        try:
            page = client.list_subscriptions_by_topic(TopicArn=arn, **token)
        except (BotoCoreError, ClientError) as error:
            return _unknown(arn, str(error), _TODO)
        found += _subscriptions(page["Subscriptions"])
        if not page.get("NextToken"):
            return TopicFacts(arn=arn, subscriptions=tuple(found))
        token = {"NextToken": page["NextToken"]}
    few = "Use another topic for machines, and few subscribers for this one."
    return _unknown(arn, f"there are more than {len(found)}", few)


def _subscriptions(listed: list[dict[str, str]]) -> Iterator[Subscription]:
    for each in listed:
        confirmed = _NO_ARN.get(each["SubscriptionArn"], True)
        if confirmed is not None:
            yield Subscription(
                protocol=each["Protocol"], endpoint=each["Endpoint"], confirmed=confirmed
            )


def _unknown(arn: str, why: str, todo: str) -> Unknown:
    return Unknown(why=f"Listing the subscriptions of {arn} failed: {why}", todo=todo)
