"""A run's own record of how it went, and its own word to people when it failed for good.

Neither may fail a backup that is good, hide the error that ended one, or take time that Lambda
doesn't give: each request has some seconds, and what fails here is only logged. The monitor reads
the records, and tells what the run could not.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from lifeboat.alerts.policy.failures import failure_message
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.messages import Message
from lifeboat.errors import AlreadyTakenError, LifeboatError, TellError
from lifeboat.model.attempt import Attempt
from lifeboat.model.keys import claim_key
from lifeboat.postgres.watch import Watch
from lifeboat.runtime.patience import patience
from lifeboat.s3.bucket import Protection, Vault


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Voice:
    """How a run speaks for itself.

    Attributes:
        vault: where records and claims lie.
        protection: how they are encrypted; they have no lock.
        tell: publishes a message, or raises `TellError`.
        installation: whose run it is, which messages name.
        left: seconds until Lambda ends the run, asked anew at each request.
        log: keeps what happened on the way, with its details.
        now: the clock.
    """

    vault: Vault
    protection: Protection
    tell: Callable[[Message], None]
    installation: Installation
    left: Callable[[], float]
    log: Callable[[str, Mapping[str, object]], None]
    now: Callable[[], datetime] = _now

    def keep(self, attempt: Attempt) -> None:
        """Record how the run stands."""
        self._try(
            "attempt.record_failed",
            lambda: self.vault.put(
                attempt.key, attempt.to_json(), self.protection, content_type="application/json"
            ),
        )

    def failed(self, attempt: Attempt, error: LifeboatError) -> None:
        """Record the failure, and tell people unless another run of this hour has done so."""
        ended = attempt.failed(error, self.now())
        self.keep(ended)
        if not self._claim(ended):
            self.log("notification.left_to_monitor", {"database": ended.database})
        elif self.say(lambda: failure_message(ended, self.installation, self.now())):
            self.keep(ended.as_notified())

    def say(self, worded: Callable[[], Message]) -> bool:
        """Tell people; gives whether the topic took the message.

        Args:
            worded: makes the message; what fails in that hides the run's own error no more than
                what fails in sending it.
        """

        def tell() -> None:
            message = worded()
            self.tell(message)
            self.log("notification.sent", {"subject": message.subject})

        return self._try("notification.failed", tell)

    def _claim(self, attempt: Attempt) -> bool:
        """Whether this run is the one that tells people of failures in this hour.

        When S3 can't say, it is: rather twice than never.
        """
        key = claim_key(attempt.kind, self.now())
        lost: list[AlreadyTakenError] = []

        def claim() -> None:
            try:
                self.vault.put(key, attempt.to_json(), self.protection, only_first=True)
            except AlreadyTakenError as error:
                lost.append(error)

        self._try("notification.claim_failed", claim)
        return not lost

    def _try(self, what: str, work: Callable[[], object]) -> bool:
        """Whether it was done, within some seconds and the function's own time."""
        spare = patience().last_call_seconds  # a watch gives this to what is under way at its end
        seconds = min(patience().attempt_seconds, self.left() - spare)
        try:
            if seconds <= 0:
                raise _no_time()  # noqa: TRY301  # logged like any other reason
            with Watch(seconds, _no_time) as watch:
                watch.call(work)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run's own end counts
            self.log(what, {"reason": f"{type(error).__name__}: {' '.join(str(error).split())}"})
            return False
        return True


@contextmanager
def recorded(
    attempt: Attempt, voice: Voice, described: Callable[[Exception], LifeboatError]
) -> Iterator[None]:
    """Around the work of a run: its record at its beginning and end, and word of its failure.

    Args:
        attempt: the run, at its beginning.
        voice: how it speaks.
        described: gives an error of ours for whatever is raised.

    Raises:
        Exception: what the work raised, as it was.
    """
    voice.keep(attempt)
    try:
        yield
    except Exception as error:
        voice.failed(attempt, described(error))
        raise
    voice.keep(attempt.succeeded(voice.now()))


def _no_time() -> TellError:
    return TellError(
        "Sending took too long.", todo="The monitor notifies people at its next check."
    )
