"""Whether anybody hears what the topic says: everything that reaches people goes through it.

Publishing to a topic without subscribers succeeds, so only a look at the subscriptions can tell.
SNS deletes those that nobody confirms after 48 hours, and CloudFormation, which believes them to
be there, doesn't make them again:
https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
"""

from collections.abc import Iterator, Sequence
from shlex import quote

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.state import Told, ToldState
from lifeboat.alerts.policy.topic_facts import MISSED, Listener, TopicFacts, addressed
from lifeboat.model.text import listed
from lifeboat.monitor.policy.checks.coverage import not_seen
from lifeboat.monitor.policy.facts import Facts, Unknown
from lifeboat.settings import AlertSettings, WatchedSettings

TOPIC = "topic"
"""The subject of the finding that nobody could see who is subscribed."""

ABOUT_ONE = (Code.SUBSCRIPTION_PENDING, Code.SUBSCRIPTION_MISSING)
"""Findings whose subject is the mark of a subscription."""

_RUNS_ON = "Backups and drills run all the same."
_AGAIN = "Then look again (MonitorByHand)."


def topic_findings(facts: Facts, settings: WatchedSettings) -> Iterator[Finding]:
    """That nobody is confirmed; otherwise, who of the settings is not, and who has gone."""
    topic = facts.topic
    if isinstance(topic, Unknown):
        yield not_seen(None, TOPIC, Level.WARNING, topic.why, topic.todo)
        return
    if not topic.is_heard:
        yield _unheard(topic, settings.alerts)
        return
    wanted = addressed(settings.alerts.emails)
    for mark, address in wanted.items():
        if topic.has(mark, confirmed=False):
            yield _pending(topic, mark, address)
        elif not topic.has(mark):
            yield _missing(topic, mark, address)
    for mark, listener in topic.listeners.items():
        if listener.gone and mark not in wanted:
            yield _vanished(topic, mark, listener)


def needs_a_listener(finding: Finding) -> bool:
    """Whether the finding says that nobody hears what should be heard."""
    return finding.code is Code.NOBODY_LISTENS and finding.level is Level.CRITICAL


def as_heard(
    memory: ToldState | None, topic: TopicFacts | Unknown, findings: Sequence[Finding]
) -> ToldState | None:
    """What those have been told who listen now.

    Once somebody listens to a topic to which nobody did, everything that is wrong is news again.

    Args:
        memory: what the monitor remembers.
        topic: as it was seen now.
        findings: what is wrong now.
    """
    deaf = memory is not None and memory.deaf_since is not None
    if memory is None or not deaf or isinstance(topic, Unknown) or not topic.is_heard:
        return memory
    wrong = {each.identity for each in findings}
    told = tuple(each for each in memory.told if each.identity not in wrong)
    return memory.model_copy(update={"told": told})


def is_back(told: Told, topic: TopicFacts | Unknown) -> bool:
    """Whether the subscription of which something was told is confirmed now."""
    return not isinstance(topic, Unknown) and topic.has(told.subject)


def is_over(told: Told, findings: Sequence[Finding], settings: WatchedSettings) -> bool:
    """Whether nobody asks for that subscription any more, or something else is said of it."""
    said = any(each.code in ABOUT_ONE and each.subject == told.subject for each in findings)
    return said or told.subject not in addressed(settings.alerts.emails)


def _unheard(topic: TopicFacts, alerts: AlertSettings) -> Finding:
    # With a webhook alone the monitor is heard, as it was meant; what tells of its death is not.
    webhook = bool(alerts.webhook_url_secret_arn)
    meant = webhook and not alerts.emails and not alerts.slack
    waiting = [each for each in topic.subscriptions if not each.confirmed]
    heard = "The monitor's own messages go to the webhook. " if webhook else ""
    return Finding(
        code=Code.NOBODY_LISTENS,
        level=Level.WARNING if meant else Level.CRITICAL,
        headline="has no confirmed subscriber to its alarms",
        fact=f"None of the {len(topic.subscriptions)} subscriptions of {topic.arn} is confirmed"
        f"{_waiting(len(waiting))}. {heard}CloudWatch's alarms, monitor-silent among them, reach"
        " nobody.",
        limit=_named(alerts),
        since=topic.deaf_since,
        safe=f"{_RUNS_ON} Whatever is wrong is told again to the first who is confirmed.",
        advice=(*_ways(topic, alerts), confirm(topic.arn), _AGAIN),
    )


def _waiting(count: int) -> str:
    return f", and {count} of them may expire, as SNS deletes them after 48 h" if count else ""


def _named(alerts: AlertSettings) -> str:
    emails = f"alerts.emails: {listed(alerts.emails)}" if alerts.emails else ""
    return emails or "one confirmed subscription at least, of whatever protocol"


def _ways(topic: TopicFacts, alerts: AlertSettings) -> Iterator[str]:
    """How each address gets its mail; somebody else is named where there is none."""
    for mark, address in addressed(alerts.emails).items():
        if topic.has(mark, confirmed=False):
            yield _mail_of(topic, address)
        else:
            yield f"Subscribe {address} again: {subscribe(topic.arn, address)}"
    if alerts.slack:
        yield "Connect Amazon Q Developer to the topic, and see that its channel gets messages."
    if not alerts.emails:
        yield f"Subscribe somebody: {subscribe(topic.arn, '<address>')}"


def _mail_of(topic: TopicFacts, address: str) -> str:
    again = subscribe(topic.arn, address)
    return f"Look for AWS's mail to {address}, also in spam. If it is lost or expired: {again}"


def _pending(topic: TopicFacts, mark: str, address: str) -> Finding:
    return Finding(
        code=Code.SUBSCRIPTION_PENDING,
        level=Level.WARNING,
        subject=mark,
        headline="has an address for its alarms that is not confirmed",
        fact=f"{address} has not confirmed its subscription to {topic.arn}, and hears nothing. SNS"
        " deletes it 48 h after it was asked for; an unchanged `make deploy` does not bring it"
        " back.",
        limit="alerts.emails",
        safe=f"{_RUNS_ON} Other subscribers hear everything.",
        advice=(_mail_of(topic, address), confirm(topic.arn), _AGAIN),
    )


def _missing(topic: TopicFacts, mark: str, address: str) -> Finding:
    listener = topic.listeners.get(mark)
    why = (
        "It was confirmed before: somebody, or a scanner of mails, followed the link that"
        " unsubscribes."
        if listener
        else "SNS deletes what is not confirmed after 48 h."
    )
    return Finding(
        code=Code.SUBSCRIPTION_MISSING,
        level=Level.WARNING,
        subject=mark,
        headline="has an address for its alarms that is not subscribed",
        fact=f"{address} is in the settings but not subscribed to {topic.arn}. {why} An unchanged"
        " `make deploy` does not bring it back.",
        limit="alerts.emails",
        since=listener.gone if listener else None,
        safe=f"{_RUNS_ON} Other subscribers hear everything.",
        advice=(
            f"Subscribe it again: {subscribe(topic.arn, address)}",
            confirm(topic.arn),
            "If it was meant, take it out of alerts.emails in lifeboat.toml, then make deploy.",
        ),
    )


def _vanished(topic: TopicFacts, mark: str, listener: Listener) -> Finding:
    return Finding(
        code=Code.SUBSCRIPTION_MISSING,
        level=Level.WARNING,
        subject=mark,
        headline="has lost a subscriber to its alarms",
        fact=f"A subscription to {topic.arn} was confirmed and is gone: {listener.place}. Its"
        " address is not in the settings, and the monitor keeps none.",
        limit=f"it leaves the list by itself after {MISSED.days} days",
        since=listener.gone,
        safe=f"{_RUNS_ON} Other subscribers hear everything.",
        advice=(
            "If it was meant, nothing has to be done.",
            f"If not, subscribe it again, a mailbox by: {subscribe(topic.arn, '<address>')}",
        ),
        passing=True,
    )


def subscribe(topic: str, address: str) -> str:
    """The command that makes AWS send an address its mail again."""
    return (
        f"aws sns subscribe {_at(topic)} --topic-arn {quote(topic)} --protocol email"
        f" --notification-endpoint {quote(address)}"
    )


def confirm(topic: str) -> str:
    """How a subscription is confirmed so that no link in a mail can end it.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    return (
        "Confirm with the token in the link of AWS's mail (Token=...), so that no mail scanner can"
        f" unsubscribe it: aws sns confirm-subscription {_at(topic)} --topic-arn {quote(topic)}"
        " --authenticate-on-unsubscribe true --token '<token>'"
    )


def _at(topic: str) -> str:
    """The topic's own region, whatever that of the terminal is."""
    return f"--region {quote(topic.split(':')[3])}" if topic.count(":") > 2 else ""  # noqa: PLR2004
