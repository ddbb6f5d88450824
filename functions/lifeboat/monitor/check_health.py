"""Checks the bucket, and notifies people of changes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Protocol

from lifeboat.alerts.policy.message import Message
from lifeboat.alerts.policy.silences import Silences
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.alerts.policy.topic_facts import TopicFacts
from lifeboat.errors import (
    LifeboatError,
    NotificationError,
    StateError,
    StorageError,
)
from lifeboat.model.keys import SILENCES_KEY, STATE_KEY
from lifeboat.monitor.builds import unfinished_builds
from lifeboat.monitor.evidence_store import EvidenceStore
from lifeboat.monitor.observe import observe, request_limit
from lifeboat.monitor.page_store import save_page
from lifeboat.monitor.policy.build_facts import BuildFacts
from lifeboat.monitor.policy.checks.topic import needs_subscriber, without_unheard
from lifeboat.monitor.policy.digest import with_digest
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import Facts, Problem, Unknown
from lifeboat.monitor.policy.first_known import knowing, with_known
from lifeboat.monitor.policy.notifications import notifications_of
from lifeboat.monitor.policy.notified import with_notified
from lifeboat.monitor.policy.resolution import resolution_of
from lifeboat.monitor.policy.silence_answer import muted_findings
from lifeboat.monitor.policy.status import Status, status_of
from lifeboat.monitor.policy.status_page import in_a_sentence, status_page
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.monitor.state_store import load_silences, load_state, save
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import WatchedSettings


class Channel(Protocol):
    """A way to notify people."""

    def send(self, message: Message) -> None:
        """Send it.

        Raises:
            NotificationError: it could not be sent.
        """


@dataclass(frozen=True, kw_only=True)
class CheckInput:
    """The input of one check.

    Attributes:
        settings: of the monitor.
        stack: name of the stack, for the commands in advice.
        account: the AWS account's 12 digits.
        bucket: the bucket to check.
        channels: the ways to notify people, the topic first.
        subscribers: asks SNS who is subscribed to the topic.
        remaining: gives the seconds until the run must end.
        now: the time of the check, in UTC.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
        builds: asks CodeBuild about the builds with these ids; only called if there are any.
    """

    settings: WatchedSettings
    stack: str
    account: str
    bucket: BackupBucket
    channels: tuple[Channel, ...]
    subscribers: Callable[[], TopicFacts | Unknown]
    remaining: Callable[[], float]
    now: datetime
    secrets: int | None = None
    builds: Callable[[Collection[str]], Mapping[str, BuildFacts] | Unknown] = lambda _: {}


@dataclass(frozen=True)
class CheckResult:
    """The result of a check.

    Attributes:
        status: the whole status.
        messages: the notifications; all were sent, except for the failures.
        failures: what could not be sent or saved, in order.
        received: whether messages reach anybody, as far as that is known.
        page_failure: why the status page was not written; None if it was.
        evidence_failure: why this check was not recorded for auditors; None if it was.
    """

    status: Status
    messages: tuple[Message, ...]
    failures: tuple[LifeboatError, ...]
    received: bool
    page_failure: LifeboatError | None = None
    evidence_failure: LifeboatError | None = None

    def raise_on_failures(self) -> None:
        """Raise an error if a notification could not be sent, or the state not be saved.

        Raises:
            NotificationError: the first failure, with the others as notes. The next check sends the
                notifications again.
        """
        if not self.failures:
            return
        first, *others = self.failures
        look = self.status.installation.commands.program("open")
        error = NotificationError(
            f"Sending all notifications failed: {first.what}",
            safe=f"The check is complete: {in_a_sentence(self.status)}. The next check sends all of"
            " it again.",
            todo=first.todo if self.page_failure else f"{first.todo} All findings: {look}",
        )
        for other in others:
            error.add_note(other.what)
        raise error from first

    def raise_without_page(self) -> None:
        """Raise an error if the status page could not be written.

        Raises:
            StorageError: S3 refused or failed.
        """
        what = "The status page was not written; an older one may still be there."
        _raise_unwritten(what, self.page_failure)

    def raise_without_evidence(self) -> None:
        """Raise an error if this check was not recorded for auditors.

        Raises:
            StorageError: S3 refused or failed, or the record is damaged.
        """
        _raise_unwritten("This check was not recorded as evidence.", self.evidence_failure)

    def raise_without_subscriber(self) -> None:
        """Raise an error if the topic has no subscriber, but should have one.

        Raises:
            NotificationError: it has none.
        """
        for each in filter(needs_subscriber, self.status.findings):
            raise NotificationError(
                f"Nobody receives the notifications of this check. {each.fact}",
                safe=each.safe,
                todo=" ".join(map(str, each.advice)),
            )


def _raise_unwritten(what: str, failure: LifeboatError | None) -> None:
    if failure is None:
        return
    raise StorageError(
        f"{what} {failure.what}",
        safe="The check is complete, and its notifications were sent.",
        todo=failure.todo,
    ) from failure


def check_health(check: CheckInput) -> CheckResult:
    """Check the bucket, send notifications, and only then save what was sent.

    If a message cannot be sent, the others still are, but the state stays as it was: the next check
    sends all of them again, as two notifications are better than none. The same applies if they
    went only to a topic without subscribers.

    Raises:
        Exception: an unexpected error. Then nothing was sent, and the caller must fail visibly.
    """
    budget = RequestBudget(request_limit(check.settings), check.remaining)
    memory, forgotten = _load_state(check.bucket, budget)
    silences, unread = _load_silences(check.bucket, budget)
    bucket = observe(check.bucket, check.settings, check.stack, budget, check.now)
    seen = replace(bucket, topic=check.subscribers(), builds=_builds(check, bucket))
    known = with_known(seen, memory, check.settings, check.now, lost=bool(forgotten))
    facts = replace(known, account=check.account, problems=(*seen.problems, *forgotten, *unread))
    findings = evaluate(facts, check.settings, check.now)
    notified = with_notified(memory, findings, facts, check.settings.alerts)
    before = without_unheard(notified, facts.topic, findings)
    installation = replace(facts.installation, alerts=check.settings.alerts)
    status = status_of(
        facts,
        check.settings,
        findings,
        check.now,
        secrets=check.secrets,
        muted=muted_findings(silences, check.now),
    )
    changes = notifications_of(
        before,
        findings,
        check.now,
        installation=installation,
        resolution=lambda alert: resolution_of(alert, findings, facts, check.settings, check.now),
        silences=silences,
    )
    fresh = with_digest(changes, status, installation)
    failures = [*_send(check, fresh.messages)]
    received = not failures and _has_reader(check, facts.topic)
    state = fresh.state if received else before or MonitorState()
    failures += _save_state(check, memory, knowing(state, facts))
    return CheckResult(
        status=status,
        messages=fresh.messages,
        failures=tuple(failures),
        received=received,
        page_failure=_save_page(check, facts, status),
        evidence_failure=_record(check, budget, facts, fresh.state),
    )


def evidence_store(check: CheckInput, budget: RequestBudget) -> EvidenceStore:
    """Where a check records what auditors ask for."""
    return EvidenceStore(bucket=check.bucket, settings=check.settings, budget=budget, now=check.now)


def _record(
    check: CheckInput, budget: RequestBudget, facts: Facts, state: MonitorState
) -> LifeboatError | None:
    """Record evidence; returns the error if that fails, which fails no notification."""
    try:
        evidence_store(check, budget).record(facts, state, facts.installation)
    except LifeboatError as error:
        return error
    return None


def _has_reader(check: CheckInput, topic: TopicFacts | Unknown) -> bool:
    """Whether the messages reached anybody, as far as that is known."""
    by_others = len(check.channels) > 1
    return by_others or isinstance(topic, Unknown) or topic.has_subscriber


def _load_state(
    bucket: BackupBucket, budget: RequestBudget
) -> tuple[MonitorState | None, tuple[Problem, ...]]:
    """The state, or the reason why it cannot be read; then people are notified again."""
    try:
        return load_state(bucket, budget), ()
    except (StateError, StorageError) as error:
        return None, (Problem.of(STATE_KEY, error),)


def _load_silences(
    bucket: BackupBucket, budget: RequestBudget
) -> tuple[Silences, tuple[Problem, ...]]:
    """What is muted; if it cannot be read, nothing is, and the reason."""
    try:
        return load_silences(bucket, budget), ()
    except (StateError, StorageError) as error:
        return Silences(), (Problem.of(SILENCES_KEY, error),)


def _send(check: CheckInput, messages: Iterable[Message]) -> Iterable[LifeboatError]:
    """Send all messages by the first channel, then by the next, which may fail or hang."""
    for channel, message in product(check.channels, messages):
        if check.remaining() <= 0:
            yield NotificationError(
                "The run's time was over before all notifications were sent.",
                todo="Check the log for who did not answer, then invoke the monitor again.",
            )
            return
        try:
            channel.send(message)
        except NotificationError as error:
            yield error


def _builds(check: CheckInput, facts: Facts) -> Mapping[str, BuildFacts] | Unknown:
    ids = unfinished_builds(facts)
    return check.builds(ids) if ids else {}


def _save_page(check: CheckInput, facts: Facts, status: Status) -> LifeboatError | None:
    """Write the status page last. Returns why it could not be written; None if it was."""
    page = status_page(status, facts, check.settings, check.now)
    try:
        save_page(check.bucket, page, check.settings)
    except LifeboatError as error:
        return error
    return None


def _save_state(
    check: CheckInput, memory: MonitorState | None, state: MonitorState
) -> Iterable[LifeboatError]:
    """Save the state, if it has changed."""
    if state == memory:
        return
    try:
        save(check.bucket, state, check.settings)
    except LifeboatError as error:
        yield error
