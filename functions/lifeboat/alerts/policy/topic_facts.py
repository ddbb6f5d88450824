"""Who is subscribed to the topic, and what the monitor's state has about them.

An address belongs to a person, and an endpoint's URL may contain a key. So the state and logs have
only a subscription's fingerprint, and a part of its destination.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lifeboat.model.inventory import StoredRecord
from lifeboat.model.utc import UtcTime

EMAIL = "email"

MISSING_PERIOD = timedelta(days=7)
"""For how long a missing subscription that was never in the settings is a finding."""

_FINGERPRINT_LENGTH = 16


class KnownSubscriber(StoredRecord):
    """A subscription that was confirmed, as the monitor's state has it.

    Attributes:
        destination: without the address itself: "email at example.com".
        in_settings: whether the settings named it when it was last seen.
        missing_since: when it was first found missing; None if it is not missing.
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
        confirmed: whether it gets messages; if not, it waits for its confirmation.
    """

    protocol: str
    endpoint: str
    confirmed: bool = True

    @property
    def fingerprint(self) -> str:
        """Identifies the endpoint without showing it; the same for the same endpoint."""
        endpoint = self.endpoint.casefold() if self.protocol == EMAIL else self.endpoint
        return hashlib.sha256(f"{self.protocol} {endpoint}".encode()).hexdigest()[
            :_FINGERPRINT_LENGTH
        ]

    @property
    def destination(self) -> str:
        """Its destination, without personal or secret parts."""
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
        subscriptions: all that exist, confirmed or not; without deleted ones.
        subscribers: those that were ever confirmed, by fingerprint, as the state will have them
            after this check; `with_subscribers` sets them.
        no_subscriber_since: since when no subscriber is confirmed; None if one is.
    """

    arn: str
    subscriptions: tuple[Subscription, ...]
    subscribers: Mapping[str, KnownSubscriber] = field(default_factory=dict)
    no_subscriber_since: datetime | None = None

    @property
    def has_subscriber(self) -> bool:
        """Whether at least one subscription is confirmed."""
        return any(each.confirmed for each in self.subscriptions)

    def has(self, fingerprint: str, *, confirmed: bool = True) -> bool:
        """Whether there is a subscription with that fingerprint in that state."""
        states = [each.confirmed for each in self.subscriptions if each.fingerprint == fingerprint]
        return any(states) if confirmed else bool(states) and not any(states)


def addresses_by_fingerprint(emails: Iterable[str]) -> dict[str, str]:
    """The settings' addresses by the fingerprints of their subscriptions."""
    return {Subscription(protocol=EMAIL, endpoint=each).fingerprint: each for each in emails}


def with_subscribers(
    topic: TopicFacts,
    before: Mapping[str, KnownSubscriber],
    no_subscriber_since: datetime | None,
    named: Iterable[str],
    now: datetime,
) -> TopicFacts:
    """The same topic, with the subscribers for the state.

    A subscription that is gone counts as missing for some days. If the settings name it, it counts
    as missing until it is back or is removed from the settings.

    Args:
        topic: as it is now.
        before: the subscribers in the state.
        no_subscriber_since: the same from the state.
        named: fingerprints of the settings' addresses.
        now: the time of the check.
    """
    wanted = set(named)
    there = {
        each.fingerprint: KnownSubscriber(
            destination=each.destination, in_settings=each.fingerprint in wanted
        )
        for each in topic.subscriptions
        if each.confirmed
    }
    gone = {
        fingerprint: each.model_copy(update={"missing_since": each.missing_since or now})
        for fingerprint, each in before.items()
        if fingerprint not in there and _is_missed(each, now, still_named=fingerprint in wanted)
    }
    since = None if topic.has_subscriber else no_subscriber_since or now
    return replace(topic, subscribers=there | gone, no_subscriber_since=since)


def _is_missed(subscriber: KnownSubscriber, now: datetime, *, still_named: bool) -> bool:
    if subscriber.in_settings or still_named:
        return still_named
    return subscriber.missing_since is None or now - subscriber.missing_since < MISSING_PERIOD


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an endpoint"
    except ValueError:
        return "an endpoint"
