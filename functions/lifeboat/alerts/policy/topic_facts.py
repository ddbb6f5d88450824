"""Who is subscribed to the topic, and what the monitor remembers of them.

An address belongs to a person, and an endpoint's URL may hold its key. So the memory and logs know
a subscription by its mark, and by no more than where it leads.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lifeboat.model.inventory import StoredRecord
from lifeboat.model.utc import UtcTime

EMAIL = "email"

MISSED = timedelta(days=7)
"""For how long a subscription that was never in the settings is missed once it is gone."""

_MARK = 16


class KnownSubscriber(StoredRecord):
    """A subscription that was seen confirmed, as it is remembered.

    Attributes:
        destination: where it leads, without the address: "email at example.com".
        in_settings: the settings named it when it was last there.
        missing_since: when it was first found missing; None while it is there.
    """

    destination: str
    in_settings: bool
    missing_since: UtcTime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """One subscription, as ListSubscriptionsByTopic gives it.

    Attributes:
        protocol: such as "email", "https" or "sqs".
        endpoint: an address, a URL or an ARN.
        confirmed: whether it hears anything; otherwise it waits for its confirmation.
    """

    protocol: str
    endpoint: str
    confirmed: bool = True

    @property
    def mark(self) -> str:
        """What it is known by: the same for the same endpoint, and not to be read."""
        endpoint = self.endpoint.casefold() if self.protocol == EMAIL else self.endpoint
        return hashlib.sha256(f"{self.protocol} {endpoint}".encode()).hexdigest()[:_MARK]

    @property
    def destination(self) -> str:
        """Where it leads, without what is personal or secret in it."""
        match self.protocol:
            case "email" | "email-json":
                return f"{self.protocol} at {self.endpoint.rpartition('@')[2]}"
            case "http" | "https":
                return f"{self.protocol} to {_host(self.endpoint)}"
            case "sqs" | "lambda" | "firehose":
                return f"{self.protocol} to {self.endpoint.rpartition(':')[2]}"
        return self.protocol


@dataclass(frozen=True, kw_only=True)
class TopicFacts:
    """The topic, and who is subscribed to it.

    Attributes:
        arn: the topic's.
        subscriptions: all that are there, confirmed or not; none that was deleted.
        subscribers: those that were ever confirmed, by their marks, as they are remembered after
            this look; empty until somebody asked (`with_subscribers`).
        no_subscriber_since: since when nobody has been confirmed; None while somebody is.
    """

    arn: str
    subscriptions: tuple[Subscription, ...]
    subscribers: Mapping[str, KnownSubscriber] = field(default_factory=dict)
    no_subscriber_since: datetime | None = None

    @property
    def is_heard(self) -> bool:
        """Whether anybody gets what is published."""
        return any(each.confirmed for each in self.subscriptions)

    def has(self, mark: str, *, confirmed: bool = True) -> bool:
        """Whether a subscription of that mark is there in that state."""
        states = [each.confirmed for each in self.subscriptions if each.mark == mark]
        return any(states) if confirmed else bool(states) and not any(states)


def addressed(emails: Iterable[str]) -> dict[str, str]:
    """The settings' addresses by the marks that their subscriptions have."""
    return {Subscription(protocol=EMAIL, endpoint=each).mark: each for each in emails}


def with_subscribers(
    topic: TopicFacts,
    before: Mapping[str, KnownSubscriber],
    no_subscriber_since: datetime | None,
    named: Iterable[str],
    now: datetime,
) -> TopicFacts:
    """The same topic, with what is to be remembered of it.

    A subscription that has gone is missed for some days. One of the settings' is missed until it
    is back, or is taken out of them, which says that this was meant.

    Args:
        topic: as it was seen.
        before: the subscribers that the monitor remembers.
        no_subscriber_since: what the monitor remembers of that.
        named: the marks of the settings' addresses.
        now: when it was seen.
    """
    wanted = set(named)
    there = {
        each.mark: KnownSubscriber(destination=each.destination, in_settings=each.mark in wanted)
        for each in topic.subscriptions
        if each.confirmed
    }
    gone = {
        mark: each.model_copy(update={"missing_since": each.missing_since or now})
        for mark, each in before.items()
        if mark not in there and _is_missed(each, now, still_named=mark in wanted)
    }
    deaf = None if topic.is_heard else no_subscriber_since or now
    return replace(topic, subscribers=there | gone, no_subscriber_since=deaf)


def _is_missed(subscriber: KnownSubscriber, now: datetime, *, still_named: bool) -> bool:
    if subscriber.in_settings or still_named:
        return still_named
    return subscriber.missing_since is None or now - subscriber.missing_since < MISSED


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an endpoint"
    except ValueError:
        return "an endpoint"
