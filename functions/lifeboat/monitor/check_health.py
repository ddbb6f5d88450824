"""Checks the bucket, and notifies people of changes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Protocol

from lifeboat.alerts.policy.messages import Message
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.alerts.policy.topic_facts import TopicFacts
from lifeboat.errors import (
    LifeboatError,
    MonitorError,
    NotificationError,
    StateError,
    VaultReadError,
)
from lifeboat.model.keys import STATE_KEY
from lifeboat.monitor.observe import most_calls, observe
from lifeboat.monitor.policy.checks.topic import as_heard, needs_subscriber
from lifeboat.monitor.policy.endings import ending_of
from lifeboat.monitor.policy.evaluate import judge
from lifeboat.monitor.policy.facts import Problem, Unknown
from lifeboat.monitor.policy.first_known import knowing, with_known
from lifeboat.monitor.policy.notifications import news
from lifeboat.monitor.policy.notified import with_notified
from lifeboat.monitor.policy.status import Status, status_of
from lifeboat.monitor.request_budget import Calls
from lifeboat.monitor.state_store import recall, remember
from lifeboat.s3.bucket import Vault
from lifeboat.settings import WatchedSettings


class Channel(Protocol):
    """A way to people."""

    def send(self, message: Message) -> None:
        """Send it.

        Raises:
            NotificationError: it didn't go out.
        """


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at the vault is given.

    Attributes:
        settings: what should be.
        stack: name of the stack, which advice needs.
        account: the AWS account's 12 digits.
        vault: what to look at.
        channels: how people are told, the topic first.
        subscribers: asks who is subscribed to the topic.
        remaining: seconds until the run has to be over.
        now: the moment of the look, in UTC.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
    """

    settings: WatchedSettings
    stack: str
    account: str
    vault: Vault
    channels: tuple[Channel, ...]
    subscribers: Callable[[], TopicFacts | Unknown]
    remaining: Callable[[], float]
    now: datetime
    secrets: int | None = None


@dataclass(frozen=True)
class Checked:
    """What came of it.

    Attributes:
        status: everything that there is to say.
        messages: the news; all were sent, but for the failures.
        failures: what could not be told or remembered, in the order in which it was tried.
    """

    status: Status
    messages: tuple[Message, ...]
    failures: tuple[LifeboatError, ...]

    def require_told(self) -> None:
        """Insist that everybody was told everything and that it is remembered.

        Raises:
            MonitorError: the first failure, with the others as notes. The news come again at the
                next look.
        """
        if not self.failures:
            return
        first, *others = self.failures
        error = MonitorError(
            f"Sending all notifications failed: {first.what}",
            safe="The check is complete and its status has all findings. The next check sends them"
            " again.",
            todo=first.todo,
        )
        for other in others:
            error.add_note(other.what)
        raise error from first

    def require_subscribers(self) -> None:
        """Insist that somebody hears what is published.

        Raises:
            MonitorError: nobody does, though somebody should.
        """
        for each in filter(needs_subscriber, self.status.findings):
            raise MonitorError(
                f"Nobody receives the notifications of this check. {each.fact}",
                safe=each.safe,
                todo=" ".join(each.advice),
            )


def check_health(look: Look) -> Checked:
    """Look, judge, tell, and only then remember what was told.

    A message that doesn't go out hinders no other one, and leaves the memory as it was: then all
    of the news come again at the next look, rather twice than never. So do those that went to a
    topic without subscribers, and nowhere else.

    Raises:
        Exception: whatever nobody foresaw; then nobody was told anything, and the caller must
            fail loudly.
    """
    calls = Calls(most_calls(look.settings), look.remaining)
    memory, forgotten = _recall(look.vault, calls)
    vault = observe(look.vault, look.settings, look.stack, calls, look.now)
    seen = replace(vault, topic=look.subscribers())
    known = with_known(seen, memory, look.settings, look.now, lost=bool(forgotten))
    facts = replace(known, account=look.account, problems=(*seen.problems, *forgotten))
    findings = judge(facts, look.settings, look.now)
    notified = with_notified(memory, findings, facts, look.settings.alerts)
    before = as_heard(notified, facts.topic, findings)
    fresh = news(
        before,
        findings,
        look.now,
        look.settings.alerts.remind_hours,
        installation=facts.installation,
        ending=lambda told: ending_of(told, findings, facts, look.settings, look.now),
    )
    failures = [*_tell(look, fresh.messages)]
    heard = not failures and _is_heard(look, facts.topic)
    state = fresh.state if heard else before or MonitorState()
    failures += _remember(look, memory, knowing(state, facts))
    return Checked(
        status=status_of(facts, look.settings, findings, look.now, secrets=look.secrets),
        messages=fresh.messages,
        failures=tuple(failures),
    )


def _is_heard(look: Look, topic: TopicFacts | Unknown) -> bool:
    """Whether what was sent reached anybody, as far as that is known."""
    by_others = len(look.channels) > 1
    return by_others or isinstance(topic, Unknown) or topic.has_subscriber


def _recall(vault: Vault, calls: Calls) -> tuple[MonitorState | None, tuple[Problem, ...]]:
    """What was told; what is forgotten is told again, and that it was forgotten too."""
    try:
        return recall(vault, calls), ()
    except (StateError, VaultReadError) as error:
        return None, (Problem.of(STATE_KEY, error),)


def _tell(look: Look, messages: Iterable[Message]) -> Iterable[LifeboatError]:
    """All messages by the surest way first; then the next way may fail or hang."""
    for channel, message in product(look.channels, messages):
        if look.remaining() <= 0:
            yield NotificationError(
                "The run's time was over before all notifications were sent.",
                todo="Check the log for who did not answer, then invoke the monitor again.",
            )
            return
        try:
            channel.send(message)
        except NotificationError as error:
            yield error


def _remember(
    look: Look, memory: MonitorState | None, state: MonitorState
) -> Iterable[LifeboatError]:
    """What was told, if it was; what is known of databases in any case."""
    if state == memory:
        return
    try:
        remember(look.vault, state, look.settings)
    except LifeboatError as error:
        yield error
