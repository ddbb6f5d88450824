"""Records and publishes evidence, and answers what is known of a period."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.errors import AlreadyTakenError
from lifeboat.model.page import HTML
from lifeboat.monitor.policy.evidence import MonthEvidence
from lifeboat.monitor.policy.evidence_answer import (
    EvidenceAnswer,
    answer_evidence,
    months_between,
)
from lifeboat.monitor.policy.evidence_page import evidence_page
from lifeboat.monitor.policy.evidence_update import settled, updated
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.monitor.state_store import load_evidence, load_month, save
from lifeboat.s3.bucket import BackupBucket
from lifeboat.s3.report_lock import locked_for
from lifeboat.settings import WatchedSettings
from lifeboat.settings.lifecycle import EVIDENCE_DAYS

_YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class EvidenceStore:
    """The evidence in the bucket.

    Attributes:
        bucket: with the backups.
        settings: of the monitor.
        budget: of requests.
        now: the time of the check.
    """

    bucket: BackupBucket
    settings: WatchedSettings
    budget: RequestBudget
    now: datetime

    def record(self, facts: Facts, state: MonitorState, installation: Installation) -> None:
        """Record a check, and publish months that are over.

        A damaged record is not written over: nobody would notice that a month is missing.

        Args:
            facts: of the check.
            state: with the findings that last.
            installation: the stack, for the pages.

        Raises:
            LifeboatError: S3 refused or failed, or the record is damaged. The next check records
                what is missing, if it is not later than some days.
        """
        before = load_evidence(self.bucket, self.budget)
        record = updated(before, facts, self.settings, state.notified, self.now)
        over = settled(record, self.now)
        for month in over:
            self._publish(month, installation)
        left = tuple(each for each in record.months if each not in over)
        save(self.bucket, record.model_copy(update={"months": left}), self.settings)

    def answer(self, since: date | None) -> EvidenceAnswer:
        """What is known of a period; of the last year if there is no first day.

        Raises:
            LifeboatError: S3 refused, or a document is damaged.
        """
        first = since or (self.now - _YEAR).date()
        record = load_evidence(self.bucket, self.budget)
        published = {
            month: found
            for month in months_between(first, self.now.date())
            if (found := load_month(self.bucket, month, self.budget))
        }
        return answer_evidence(first, self.now, record, published, self.bucket.name)

    def _publish(self, month: MonthEvidence, installation: Installation) -> None:
        """Store a month once, locked; what an earlier check has stored stays."""
        settings = self.settings
        lock = locked_for(settings.kms_key, settings.object_lock, self.now, EVIDENCE_DAYS)
        page = evidence_page(month, installation).encode()
        for key, body, kind in (
            (month.key, month.to_json(), "application/json"),
            (month.page_key, page, HTML),
        ):
            try:
                self.bucket.put(key, body, lock, if_absent=True, content_type=kind)
            except AlreadyTakenError:
                continue
