"""Checks whether anybody receives notifications: all of them go through the topic.

Publishing to a topic without subscribers succeeds, so only its subscriptions show it.
SNS deletes unconfirmed ones after 48 hours. CloudFormation does not notice, so it does not create
them again:
https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
"""

from collections.abc import Iterator, Sequence
from shlex import quote

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.alerts.policy.topic_facts import (
    MISSING_PERIOD,
    KnownSubscriber,
    TopicFacts,
    addresses_by_fingerprint,
)
from lifeboat.model.steps import Step
from lifeboat.model.text import join_first
from lifeboat.monitor.policy.checks.coverage import check_incomplete
from lifeboat.monitor.policy.facts import Facts, Unknown
from lifeboat.settings import AlertSettings, WatchedSettings

TOPIC = "topic"
"""The subject of the finding that subscriptions could not be read."""

SUBSCRIPTION_CODES = (Code.SUBSCRIPTION_PENDING, Code.SUBSCRIPTION_MISSING)
"""Codes of findings whose subject is a subscription's fingerprint."""

_RUNS_ON = "Backups and drills still run."


def topic_findings(facts: Facts, settings: WatchedSettings) -> Iterator[Finding]:
    """No confirmed subscriber; or else, which addresses are unconfirmed or missing."""
    topic = facts.topic
    if isinstance(topic, Unknown):
        yield check_incomplete(None, TOPIC, Level.WARNING, topic.why, topic.todo)
        return
    again = facts.installation.commands.to_see_status("Then check again")
    if not topic.has_subscriber:
        yield _no_subscriber(topic, settings.alerts, again)
        return
    wanted = addresses_by_fingerprint(settings.alerts.emails)
    for fingerprint, address in wanted.items():
        if topic.has(fingerprint, confirmed=False):
            yield _pending(topic, fingerprint, address, again)
        elif not topic.has(fingerprint):
            yield _missing(topic, fingerprint, address)
    for fingerprint, subscriber in topic.subscribers.items():
        if subscriber.missing_since and fingerprint not in wanted:
            yield _vanished(topic, fingerprint, subscriber)


def needs_subscriber(finding: Finding) -> bool:
    """Whether the finding says that nobody receives notifications, but somebody should."""
    return finding.code is Code.NO_SUBSCRIBER and finding.level is Level.CRITICAL


def without_unheard(
    memory: MonitorState | None, topic: TopicFacts | Unknown, findings: Sequence[Finding]
) -> MonitorState | None:
    """The state without alerts that nobody received.

    Once a topic without subscribers has one, people are notified of all findings again.

    Args:
        memory: the monitor's state.
        topic: as it is now.
        findings: the current ones.
    """
    unheard = memory is not None and memory.no_subscriber_since is not None
    if memory is None or not unheard or isinstance(topic, Unknown) or not topic.has_subscriber:
        return memory
    wrong = {each.identity for each in findings}
    received = tuple(each for each in memory.notified if each.identity not in wrong)
    return memory.model_copy(update={"notified": received})


def is_confirmed(alert: SentAlert, topic: TopicFacts | Unknown) -> bool:
    """Whether the subscription that the alert is about is confirmed now."""
    return not isinstance(topic, Unknown) and topic.has(alert.subject)


def is_obsolete(alert: SentAlert, findings: Sequence[Finding], settings: WatchedSettings) -> bool:
    """Whether the settings no longer name the subscription, or another finding is about it."""
    said = any(
        each.code in SUBSCRIPTION_CODES and each.subject == alert.subject for each in findings
    )
    return said or alert.subject not in addresses_by_fingerprint(settings.alerts.emails)


def _no_subscriber(topic: TopicFacts, alerts: AlertSettings, again: Step) -> Finding:
    # With a webhook alone the monitor's messages arrive, as intended; alarms about it do not.
    webhook = bool(alerts.webhook_url_secret_arn)
    meant = webhook and not alerts.emails and not alerts.slack
    waiting = [each for each in topic.subscriptions if not each.confirmed]
    heard = "The monitor's own messages go to the webhook. " if webhook else ""
    return Finding(
        code=Code.NO_SUBSCRIBER,
        level=Level.WARNING if meant else Level.CRITICAL,
        headline="has no confirmed subscriber to its alerts",
        fact=f"None of the {len(topic.subscriptions)} subscriptions of {topic.arn} is confirmed"
        f"{_waiting(len(waiting))}. {heard}CloudWatch's alarms, such as monitor-heartbeat, reach"
        " nobody.",
        limit=_named(alerts),
        since=topic.no_subscriber_since,
        safe=f"{_RUNS_ON} The first confirmed subscriber gets all current findings again.",
        advice=(*_ways(topic, alerts), confirm(topic.arn), again),
    )


def _waiting(count: int) -> str:
    return f", and {count} of them may expire, as SNS deletes them after 48 h" if count else ""


def _named(alerts: AlertSettings) -> str:
    emails = f"alerts.emails: {join_first(alerts.emails)}" if alerts.emails else ""
    return emails or "at least one confirmed subscription, with any protocol"


def _ways(topic: TopicFacts, alerts: AlertSettings) -> Iterator[Step]:
    """How each address gets its email; if there is none, how to subscribe somebody."""
    for fingerprint, address in addresses_by_fingerprint(alerts.emails).items():
        if topic.has(fingerprint, confirmed=False):
            yield _mail_of(topic, address)
        else:
            yield Step(f"Subscribe {address} again", subscribe(topic.arn, address))
    if alerts.slack:
        yield Step(
            "Connect Amazon Q Developer to the topic, and check that its channel gets messages."
        )
    if not alerts.emails:
        yield Step("Subscribe somebody", subscribe(topic.arn, "<address>"))


def _mail_of(topic: TopicFacts, address: str) -> Step:
    return Step(
        f"Find AWS's email to {address}, also in spam. If it is lost or expired",
        subscribe(topic.arn, address),
    )


def _pending(topic: TopicFacts, fingerprint: str, address: str, again: Step) -> Finding:
    return Finding(
        code=Code.SUBSCRIPTION_PENDING,
        level=Level.WARNING,
        subject=fingerprint,
        headline="has an unconfirmed address for its alerts",
        fact=f"{address} has not confirmed its subscription to {topic.arn} and gets nothing. SNS"
        " deletes the subscription 48 h after it was created; an unchanged `make deploy` does not"
        " create it again.",
        limit="alerts.emails",
        safe=f"{_RUNS_ON} Other subscribers get all messages.",
        advice=(_mail_of(topic, address), confirm(topic.arn), again),
    )


def _missing(topic: TopicFacts, fingerprint: str, address: str) -> Finding:
    subscriber = topic.subscribers.get(fingerprint)
    why = (
        "It was confirmed before: somebody, or an email scanner, followed the unsubscribe link."
        if subscriber
        else "SNS deletes unconfirmed subscriptions after 48 h."
    )
    return Finding(
        code=Code.SUBSCRIPTION_MISSING,
        level=Level.WARNING,
        subject=fingerprint,
        headline="has an unsubscribed address for its alerts",
        fact=f"{address} is in the settings but not subscribed to {topic.arn}. {why} An unchanged"
        " `make deploy` does not create it again.",
        limit="alerts.emails",
        since=subscriber.missing_since if subscriber else None,
        safe=f"{_RUNS_ON} Other subscribers get all messages.",
        advice=(
            Step("Subscribe it again", subscribe(topic.arn, address)),
            confirm(topic.arn),
            Step("If on purpose, remove it from alerts.emails in lifeboat.toml, then make deploy."),
        ),
    )


def _vanished(topic: TopicFacts, fingerprint: str, subscriber: KnownSubscriber) -> Finding:
    return Finding(
        code=Code.SUBSCRIPTION_MISSING,
        level=Level.WARNING,
        subject=fingerprint,
        headline="has lost a subscriber to its alerts",
        fact=f"A confirmed subscription to {topic.arn} is gone: {subscriber.destination}. Its"
        " address is not in the settings, and the monitor stores no addresses.",
        limit=f"this finding ends after {MISSING_PERIOD.days} days",
        since=subscriber.missing_since,
        safe=f"{_RUNS_ON} Other subscribers get all messages.",
        advice=(
            Step("If this was on purpose, do nothing."),
            Step("If not, subscribe it again; an email address", subscribe(topic.arn, "<address>")),
        ),
        passing=True,
    )


def subscribe(topic: str, address: str) -> str:
    """The command that makes AWS send the confirmation email again."""
    return (
        f"aws sns subscribe {_at(topic)} --topic-arn {quote(topic)} --protocol email"
        f" --notification-endpoint {quote(address)}"
    )


def confirm(topic: str) -> Step:
    """How to confirm a subscription so that no link in an email can end it.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    return Step(
        "Confirm with the token in the link of AWS's email (Token=...), so that no email scanner"
        " can unsubscribe it",
        f"aws sns confirm-subscription {_at(topic)} --topic-arn {quote(topic)}"
        " --authenticate-on-unsubscribe true --token '<token>'",
    )


def _at(topic: str) -> str:
    """The topic's region, as the shell's region may differ."""
    return f"--region {quote(topic.split(':')[3])}" if topic.count(":") > 2 else ""  # noqa: PLR2004
