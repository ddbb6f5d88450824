"""What is recorded for auditors, month by month: backups expire before a year ends."""

from datetime import UTC, datetime
from typing import ClassVar, Literal

from lifeboat.alerts.policy.findings import Level
from lifeboat.errors import StateError
from lifeboat.model.documents import Document
from lifeboat.model.drill_report import Verdict
from lifeboat.model.inventory import StoredRecord
from lifeboat.model.keys import EVIDENCE_RECORD_KEY, evidence_key
from lifeboat.model.utc import UtcTime

_INSTEAD = "leave it: the monitor records what follows"


class BackupEvidence(StoredRecord):
    """A backup that was in the bucket.

    Attributes:
        backup: its id.
        scheduled_at: the time for which its run was scheduled.
        archive_bytes: size of the archive; null if its manifest was not read.
        rows: in it; null likewise.
        sha256: of its manifest; null likewise.
    """

    backup: str
    scheduled_at: UtcTime
    archive_bytes: int | None = None
    rows: int | None = None
    sha256: str | None = None


class DrillEvidence(StoredRecord):
    """A drill, by its report.

    Attributes:
        report: the report's key.
        started: when it began.
        verdict: about the backup.
        backup: its id; null if there was none.
        seconds: its duration.
        rto_seconds: the target for its duration.
        sha256: of the report; null if it was not read in that check.
    """

    report: str
    started: UtcTime
    verdict: Verdict
    backup: str | None
    seconds: float
    rto_seconds: int
    sha256: str | None = None


class FindingEvidence(StoredRecord):
    """A finding of which people were to be notified, muted or not.

    Attributes:
        database: whose; "" for the bucket.
        code: its kind.
        subject: which of several of that kind.
        level: how bad it was when it was last found.
        headline: in a few words.
        opened: when it was first found.
        ended: when it was no longer found; null while it lasts.
    """

    database: str
    code: str
    subject: str
    level: Level
    headline: str
    opened: UtcTime
    ended: UtcTime | None = None


class ProviderEvidence(StoredRecord):
    """What a database's provider itself could give back, beside the backups.

    Attributes:
        provider: who.
        window_seconds: any moment of so long before; the shortest that was read in the month.
        read_at: when that was last read.
    """

    provider: str
    window_seconds: int
    read_at: UtcTime


class DatabaseEvidence(StoredRecord):
    """One database in one month.

    Attributes:
        name: in the settings.
        due: the times for which backups were scheduled, while the monitor looked.
        missed: those of them for which there was no backup.
        backups: all that were in the bucket, also manual ones.
        drills: all reports.
        provider: what its provider itself could give back; null if the provider was not asked.
    """

    name: str
    due: tuple[UtcTime, ...] = ()
    missed: tuple[UtcTime, ...] = ()
    backups: tuple[BackupEvidence, ...] = ()
    drills: tuple[DrillEvidence, ...] = ()
    provider: ProviderEvidence | None = None


class BucketEvidence(StoredRecord):
    """The bucket's configuration as it was found last; null where it could not be read.

    Attributes:
        versioning: whether versions are kept.
        object_lock: whether Object Lock is enabled.
        lock_mode: the mode in the settings: "governance", "compliance" or "off".
        encryption: the default encryption; "none" if there is none.
        public_access_blocked: whether all four switches are on.
        lifecycle: its rules: each with prefix and days.
    """

    versioning: bool | None
    object_lock: bool | None
    lock_mode: str
    encryption: str | None
    public_access_blocked: bool | None
    lifecycle: tuple[str, ...] | None


class MonthEvidence(Document):
    """All that was recorded of one month.

    Attributes:
        schema_version: of this document.
        month: such as 2026-11.
        recorded_from: the first check that recorded; before it, nothing is known.
        recorded_until: the last check that recorded.
        databases: all that were in the settings at any of these checks.
        findings: opened, lasting or ended in the month.
        bucket: its configuration; null if no check was complete.
    """

    NOUN: ClassVar = "evidence"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "Backups and reports are not affected."
    INSTEAD: ClassVar = _INSTEAD

    schema_version: Literal[1] = 1
    month: str
    recorded_from: UtcTime
    recorded_until: UtcTime
    databases: tuple[DatabaseEvidence, ...] = ()
    findings: tuple[FindingEvidence, ...] = ()
    bucket: BucketEvidence | None = None

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return evidence_key(self.month)

    @property
    def page_key(self) -> str:
        """The key of its page for a browser."""
        return self.key.removesuffix("json") + "html"

    @property
    def start(self) -> datetime:
        """The first moment of the month, in UTC."""
        year, month = map(int, self.month.split("-"))
        return datetime(year, month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment of the next month."""
        start = self.start
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


class EvidenceRecord(Document):
    """What is recorded and not yet published; a small document that each check writes anew.

    Attributes:
        schema_version: of this document.
        since: when recording began.
        months: those that are not yet published, the oldest first.
    """

    NOUN: ClassVar = "record of evidence"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = StateError
    SAFE: ClassVar = "Backups, reports and published evidence are not affected."
    INSTEAD: ClassVar = _INSTEAD

    schema_version: Literal[1] = 1
    since: UtcTime
    months: tuple[MonthEvidence, ...] = ()

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return EVIDENCE_RECORD_KEY


def month_of(moment: datetime) -> str:
    """The month of a time, in UTC, such as 2026-11."""
    return f"{moment.astimezone(UTC):%Y-%m}"
