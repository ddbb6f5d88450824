"""Subscriptions of the local AWS: an address is asked first, as AWS asks it."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.subscriber import Subscriber, confirm

ADDRESS = "ann@example.com"


@pytest.fixture
def topic(aws: LocalAws) -> str:
    made: str = aws.client("sns").create_topic(Name=f"topic-{uuid4().hex[:8]}")["TopicArn"]
    return made


def _arns(aws: LocalAws, topic: str) -> dict[str, str]:
    listed = aws.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return {each["Protocol"]: each["SubscriptionArn"] for each in listed}


def _counts(aws: LocalAws, topic: str) -> tuple[str, str]:
    found = aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    return found["SubscriptionsConfirmed"], found["SubscriptionsPending"]


def test_an_address_is_pending_until_its_mail_is_answered(aws: LocalAws, topic: str) -> None:
    sns = aws.client("sns")
    for _ in range(2):
        asked = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
        assert asked["SubscriptionArn"] == "pending confirmation"
    assert _arns(aws, topic) == {"email": "PendingConfirmation"}
    assert _counts(aws, topic) == ("0", "1")
    with pytest.raises(ClientError, match="Invalid token"):
        sns.confirm_subscription(TopicArn=topic, Token="guessed")
    arn = confirm(aws, topic, ADDRESS)
    assert _arns(aws, topic) == {"email": arn}
    assert _counts(aws, topic) == ("1", "0")
    again = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)
    assert again["SubscriptionArn"] == arn


def test_a_queue_of_the_same_account_needs_no_confirmation(aws: LocalAws, topic: str) -> None:
    Subscriber.of(aws, topic)
    assert _arns(aws, topic)["sqs"].startswith(f"{topic}:")
