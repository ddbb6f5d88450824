"""Who is subscribed to the real topic, as the monitor sees it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lifeboat.alerts.policy.topic_facts import Subscription, TopicFacts
from lifeboat.monitor.policy.facts import Unknown
from lifeboat.monitor.subscriptions import MAX_PAGES, topic_facts
from local.aws import LocalAws
from local.subscriber import Subscriber, confirm
from tests.support.aws_helpers import allow, make_role

ADDRESS = "ann@example.com"
MAIL = Subscription(protocol="email", endpoint=ADDRESS, confirmed=False)


@pytest.fixture
def arn(aws: LocalAws) -> str:
    made: str = aws.client("sns").create_topic(Name=f"topic-{uuid4().hex[:8]}")["TopicArn"]
    return made


def look(client: Any, arn: str, seconds: float = 60.0) -> TopicFacts | Unknown:
    return topic_facts(client, arn, lambda: seconds)


def test_an_address_is_seen_as_waiting_and_then_as_confirmed(aws: LocalAws, arn: str) -> None:
    sns = aws.client("sns")
    assert look(sns, arn) == TopicFacts(arn=arn, subscriptions=())
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    assert look(sns, arn) == TopicFacts(arn=arn, subscriptions=(MAIL,))
    confirm(aws, arn, ADDRESS)
    people = Subscriber.of(aws, arn)
    seen = look(sns, arn)
    assert isinstance(seen, TopicFacts)
    assert {(each.protocol, each.confirmed) for each in seen.subscriptions} == {
        ("email", True),
        ("sqs", True),
    }
    queue = next(each for each in seen.subscriptions if each.protocol == "sqs")
    assert queue.destination == f"sqs to {people.queue.rpartition('/')[2]}"


def test_who_may_not_look_or_finds_no_topic_says_so(aws: LocalAws, arn: str) -> None:
    role = make_role(aws, allow("sns:Publish", arn))
    denied = look(aws.client("sns", role_arn=role), arn)
    assert isinstance(denied, Unknown)
    assert "AuthorizationError" in denied.why or "AccessDenied" in denied.why
    assert "right to list its subscriptions" in denied.todo
    gone = look(aws.client("sns"), f"{arn}-gone")
    assert isinstance(gone, Unknown)
    assert "NotFound" in gone.why


def test_the_right_to_list_them_is_enough(aws: LocalAws, arn: str) -> None:
    role = make_role(aws, allow("sns:ListSubscriptionsByTopic", arn))
    assert look(aws.client("sns", role_arn=role), arn) == TopicFacts(arn=arn, subscriptions=())


@dataclass
class Pages:
    """A client whose topic has pages of subscriptions; the local AWS has only one."""

    pages: list[list[dict[str, str]]]
    asked: list[str | None] = field(default_factory=list)

    def list_subscriptions_by_topic(self, **asked: str) -> dict[str, Any]:
        token = asked.get("NextToken")
        self.asked.append(token)
        number = int(token or 0)
        if number >= len(self.pages):
            raise ClientError({"Error": {"Code": "InvalidParameter"}}, "List")
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"Subscriptions": self.pages[number], **more}


def listed(endpoint: str, arn: str = "arn:aws:sns:us-east-1:0:t:1") -> dict[str, str]:
    return {"SubscriptionArn": arn, "Protocol": "email", "Endpoint": endpoint}


def test_all_pages_are_read_and_what_was_deleted_is_left_out(arn: str) -> None:
    pages = Pages(
        [[listed("a@b.c"), listed("d@e.f", "Deleted")], [listed("g@h.i", "PendingConfirmation")]]
    )
    seen = look(pages, arn)
    assert isinstance(seen, TopicFacts)
    assert [(each.endpoint, each.confirmed) for each in seen.subscriptions] == [
        ("a@b.c", True),
        ("g@h.i", False),
    ]
    assert pages.asked == [None, "1"]


def test_a_topic_with_endless_subscribers_or_no_time_is_not_half_seen(arn: str) -> None:
    crowd = Pages([[listed("a@b.c")]] * (MAX_PAGES + 1))
    assert isinstance(look(crowd, arn), Unknown)
    assert len(crowd.asked) == MAX_PAGES
    assert isinstance(look(Pages([[]]), arn, seconds=0.0), Unknown)
