"""Records a run and its result, and notifies people when the run failed finally.

Neither may fail a good backup, hide the error that ended a run, or take more time than Lambda
gives. So each request has a few seconds, and an error here is only logged. The monitor reads the
records, and notifies people of what the run could not.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from lifeboat.alerts.policy.failures import failure_message
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.message import Message
from lifeboat.errors import AlreadyTakenError, LifeboatError, NotificationError
from lifeboat.model.attempt import Attempt
from lifeboat.model.hand_over import HandOver
from lifeboat.model.keys import claim_key
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.runtime.timeouts import timeouts
from lifeboat.s3.bucket import BackupBucket, Protection


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class RunReporter:
    """Records a run, and notifies people of its failure.

    Attributes:
        bucket: the bucket of records and claims.
        protection: their encryption; they have no lock.
        publish: sends a message to the topic, or raises `NotificationError`.
        installation: the stack of the run; messages name it.
        remaining: gives the seconds until Lambda ends the run.
        log: writes a log line: an event with its details.
        now: the clock.
    """

    bucket: BackupBucket
    protection: Protection
    publish: Callable[[Message], None]
    installation: Installation
    remaining: Callable[[], float]
    log: Callable[[str, Mapping[str, object]], None]
    now: Callable[[], datetime] = _now

    def record(self, attempt: Attempt) -> None:
        """Write the record of the run."""
        self._try(
            "attempt.record_failed",
            lambda: self.bucket.put(
                attempt.key, attempt.to_json(), self.protection, content_type="application/json"
            ),
        )

    def report_failure(self, attempt: Attempt, error: LifeboatError) -> None:
        """Record the failure, and notify people unless another run did so in this hour."""
        ended = attempt.failed(error, self.now())
        self.record(ended)
        if not self._claim(ended):
            self.log("notification.left_to_monitor", {"database": ended.database})
        elif self.notify(lambda: failure_message(ended, self.installation, self.now())):
            self.record(ended.as_notified())

    def notify(self, make_message: Callable[[], Message]) -> bool:
        """Notify people; returns whether the topic accepted the message.

        Args:
            make_message: makes the message. An error in it is only logged, like an error in sending
                it, so that neither hides the run's own error.
        """

        def send() -> None:
            message = make_message()
            self.publish(message)
            self.log("notification.sent", {"subject": message.subject})

        return self._try("notification.failed", send)

    def _claim(self, attempt: Attempt) -> bool:
        """Whether this run notifies people of failures in this hour.

        It does if S3 does not answer: two notifications are better than none.
        """
        key = claim_key(attempt.kind, self.now())
        lost: list[AlreadyTakenError] = []

        def claim() -> None:
            try:
                self.bucket.put(key, attempt.to_json(), self.protection, if_absent=True)
            except AlreadyTakenError as error:
                lost.append(error)

        self._try("notification.claim_failed", claim)
        return not lost

    def _try(self, what: str, work: Callable[[], object]) -> bool:
        """Try it within a few seconds and the function's own time; returns whether it succeeded."""
        spare = (
            timeouts().last_call_seconds
        )  # a watch lets a request that is under way finish within this
        seconds = min(timeouts().attempt_seconds, self.remaining() - spare)
        try:
            if seconds <= 0:
                raise _no_time()  # noqa: TRY301  # logged like any other reason
            with CancelScope(seconds, _no_time) as watch:
                watch.call(work)
        except Exception as error:  # noqa: BLE001  # an error here must not replace the run's own result
            self.log(what, {"reason": f"{type(error).__name__}: {' '.join(str(error).split())}"})
            return False
        return True


@dataclass
class RecordedRun:
    """A run that is being recorded.

    Attributes:
        job: that goes on with the run; None as long as it was not handed over.
    """

    job: HandOver | None = None

    def ended(self, attempt: Attempt, now: datetime) -> Attempt:
        """The record of the run, which has not failed."""
        if self.job is None:
            return attempt.succeeded(now)
        return attempt.handed_over(self.job.build, self.job.reason, now)


@contextmanager
def recorded(
    attempt: Attempt, reporter: RunReporter, described: Callable[[Exception], LifeboatError]
) -> Iterator[RecordedRun]:
    """Record a run at its start and end, and notify people if it fails; a context manager.

    The run sets `job` of what this gives when it hands itself over.

    Args:
        attempt: the run, at its start.
        reporter: records the run, and notifies people of its failure.
        described: turns any exception into a Lifeboat error.

    Raises:
        Exception: what the run raised, unchanged.
    """
    reporter.record(attempt)
    run = RecordedRun()
    try:
        yield run
    except Exception as error:
        reporter.report_failure(attempt, described(error))
        raise
    reporter.record(run.ended(attempt, reporter.now()))


def _no_time() -> NotificationError:
    return NotificationError(
        "Sending took too long.", todo="The monitor notifies people at its next check."
    )
