"""Who is subscribed to a topic, and has to say so first."""

from typing import Any

from ministack.services import sns  # type: ignore[import-not-found]

from local.mail import token_of
from tools.ministack_patches.stacks import after

MAIL = ("email", "email-json")


def mail_confirmations() -> None:
    """An address hears nothing until it is confirmed, and a list says that it isn't.

    As shipped addresses are confirmed at once, and lists show an ARN which AWS doesn't.
    https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    subscribe = sns._subscribe  # noqa: SLF001
    by_topic = sns._list_subscriptions_by_topic  # noqa: SLF001

    def subscribe_by_mail(params: Any) -> Any:  # noqa: ANN401 - ministack's
        before = set(sns._sub_arn_to_topic)  # noqa: SLF001
        answer = subscribe(params)
        for each in _subscriptions(sns._p(params, "TopicArn")):  # noqa: SLF001
            if each["arn"] not in before:
                _await(each)
            if not each["confirmed"]:
                answer = _without(answer, each["arn"], "pending confirmation")
        return answer

    def list_by_topic(params: Any) -> Any:  # noqa: ANN401 - ministack's
        answer = by_topic(params)
        for each in _subscriptions(sns._p(params, "TopicArn")):  # noqa: SLF001
            if not each["confirmed"]:
                answer = _without(answer, each["arn"], "PendingConfirmation")
        return answer

    sns._subscribe = subscribe_by_mail  # noqa: SLF001
    sns._list_subscriptions_by_topic = list_by_topic  # noqa: SLF001
    after("AWS::SNS::Subscription", lambda arn, _: _await(_by_arn(arn)))


def _subscriptions(topic: str) -> list[dict[str, Any]]:
    found = sns._topic_by_arn_any_scope(topic) or {}  # noqa: SLF001
    return list(found.get("subscriptions", ()))


def _by_arn(arn: str) -> dict[str, Any]:
    return next(each for each in _subscriptions(arn.rpartition(":")[0]) if each["arn"] == arn)


def _await(subscription: dict[str, Any]) -> None:
    if subscription["protocol"] in MAIL and not subscription.get("token"):
        token = token_of(subscription["topic_arn"], subscription["endpoint"])
        subscription |= {"confirmed": False, "token": token}
        subscription["attributes"]["PendingConfirmation"] = "true"


def _without(answer: Any, arn: str, words: str) -> Any:  # noqa: ANN401 - ministack's
    status, headers, body = answer
    shown = f"<SubscriptionArn>{arn}</SubscriptionArn>"
    instead = f"<SubscriptionArn>{words}</SubscriptionArn>"
    return status, headers, body.replace(shown.encode(), instead.encode())
