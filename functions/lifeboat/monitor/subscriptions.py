"""Who is subscribed to the topic, as SNS itself says."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.alerts.policy.topic_facts import Subscription, TopicFacts
from lifeboat.monitor.policy.facts import Unknown

MOST_PAGES = 10
"""Of a hundred subscriptions each."""

_TODO = (
    "Deploy the stack unchanged (make deploy), which restores the topic and the monitor's"
    " right to list its subscriptions."
)

_NO_ARN = {"PendingConfirmation": False, "Deleted": None}
"""What stands in place of the ARN of a subscription that isn't confirmed, or for a while of one
that was ended: https://github.com/ansible/ansible/pull/20086
https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
"""


def topic_facts(
    client: Any,  # noqa: ANN401 - boto3's
    arn: str,
    remaining: Callable[[], float],
) -> TopicFacts | Unknown:
    """All subscriptions of a topic; or why they are not all known: a part would be misjudged.

    Args:
        client: of SNS.
        arn: the topic's.
        remaining: seconds until the run has to be over.
    """
    found: list[Subscription] = []
    token: dict[str, str] = {}
    for _ in range(MOST_PAGES):
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
