"""Findings: what is wrong, how bad it is, what is safe, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from lifeboat.model.steps import Step


class Level(StrEnum):
    """How bad a finding is. People are notified of critical and warning; info is in the status."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Health(StrEnum):
    """How a database or all of them are, the worst first.

    Healthy means: a backup and a drill, both recent enough. A database without critical findings
    and warnings that waits for its first backup or drill has its own value, and so has one whose
    drills are disabled and that has had no recent drill on demand.
    """

    CRITICAL = "critical"
    WARNING = "warning"
    NO_BACKUP_YET = "no-backup-yet"
    NOT_DRILLED_YET = "not-drilled-yet"
    DRILLS_DISABLED = "drills-disabled"
    HEALTHY = "healthy"

    @property
    def rank(self) -> int:
        """Its place among them; 0 is the worst."""
        return list(Health).index(self)

    @property
    def words(self) -> str:
        """As people read it: no backup yet."""
        return self.value.replace("-", " ")


class Code(StrEnum):
    """The kind of a finding. Filters, runbooks and the monitor's state use these codes."""

    CHECK_INCOMPLETE = "check-incomplete"
    NO_SUBSCRIBER = "no-subscriber"
    SUBSCRIPTION_PENDING = "subscription-pending"
    SUBSCRIPTION_MISSING = "subscription-missing"
    NO_RESTORE_TARGET = "no-restore-target"
    BACKUP_FAILED = "backup-failed"
    NO_BACKUP = "no-backup"
    BACKUP_TOO_OLD = "backup-too-old"
    RUN_MISSED = "run-missed"
    ARCHIVE_MISSING = "archive-missing"
    ARCHIVE_DIFFERS = "archive-differs"
    MANIFEST_UNREADABLE = "manifest-unreadable"
    MANIFEST_REPLACED = "manifest-replaced"
    BACKUPS_DELETED = "backups-deleted"
    INCOMPLETE_BACKUP = "incomplete-backup"
    CLOCK_SKEW = "clock-skew"
    SIZE_ANOMALY = "size-anomaly"
    ROW_COUNT_ANOMALY = "row-count-anomaly"
    TABLE_ROWS_DROPPED = "table-rows-dropped"
    DATA_UNCHANGED = "data-unchanged"
    DRILLS_DISABLED = "drills-disabled"
    NO_DRILL = "no-drill"
    DRILL_TOO_OLD = "drill-too-old"
    DRILL_ERROR = "drill-error"
    DRILL_FAILED = "drill-failed"
    DRILL_PARTIAL = "drill-partial"
    DRILL_REPORT_UNREADABLE = "drill-report-unreadable"
    DRILL_REPORT_REPLACED = "drill-report-replaced"
    RTO_MISSED = "rto-missed"
    RTO_AT_RISK = "rto-at-risk"
    BACKUP_TIMEOUT_AT_RISK = "backup-timeout-at-risk"
    BACKUP_MEMORY_AT_RISK = "backup-memory-at-risk"
    TRANSFER_ALLOWANCE = "transfer-allowance"
    NEON_TRANSFER = "neon-transfer"
    NEON_HISTORY_SHORT = "neon-history-short"
    NEON_NO_SCHEDULE = "neon-no-schedule"
    NEON_SNAPSHOT_OVERDUE = "neon-snapshot-overdue"
    NEON_GONE = "neon-gone"
    NEON_UNPROTECTED = "neon-unprotected"
    NEON_KEY = "neon-key"
    NEON_WATCH_STALE = "neon-watch-stale"
    NEON_BRANCH = "neon-branch"
    PG_DUMP_OUTDATED = "pg-dump-outdated"
    STANDBY_OUTDATED = "standby-outdated"
    DRILL_TIMEOUT_AT_RISK = "drill-timeout-at-risk"
    DRILL_DISK_AT_RISK = "drill-disk-at-risk"
    DRILL_MEMORY_AT_RISK = "drill-memory-at-risk"
    EXPIRES_EARLY = "expires-early"
    LIFECYCLE_DRIFT = "lifecycle-drift"
    OBJECT_LOCK_DISABLED = "object-lock-disabled"
    VERSIONING_DISABLED = "versioning-disabled"
    ENCRYPTION_DRIFT = "encryption-drift"
    PUBLIC_ACCESS_UNBLOCKED = "public-access-unblocked"
    STALE_UPLOAD = "stale-upload"
    UNMANAGED_PREFIX = "unmanaged-prefix"
    RESTORE_FAILED = "restore-failed"
    JOB_WAITS = "job-waits"
    BECOMES_JOB = "becomes-job"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or that a person should know.

    Attributes:
        code: its kind.
        level: how bad it is.
        database: whose; None when it is about the bucket as a whole.
        subject: which of several of that kind, such as a backup's id; "" if there can be only one.
            It has no figures: code, database and subject identify the finding, so that a backup
            that gets older does not become a new finding.
        headline: what is wrong, in a few words that follow the database's name, such as "has no
            backup for 44 h"; ASCII.
        fact: what was found, with names and figures, in sentences.
        limit: the limit and the setting that sets it; "" if there is none.
        since: since when it is so, as far as known.
        safe: what is not affected.
        advice: what to do, in order.
        passing: it is about a past event. It ends after some days and is never resolved.
        basis: the time of the newest document on which it rests. Only a later document can show
            that it is resolved (`lifeboat.monitor.policy.resolution`); None if no document can.
    """

    code: Code
    level: Level
    database: str | None = None
    subject: str = ""
    headline: str
    fact: str
    limit: str = ""
    since: datetime | None = None
    safe: str
    advice: tuple[Step, ...]
    passing: Annotated[bool, Field(exclude=True)] = False
    basis: Annotated[datetime | None, Field(exclude=True)] = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What identifies it while figures change: database ("" for none), code, subject."""
        return self.database or "", self.code.value, self.subject


_RANK = {level: rank for rank, level in enumerate(Level)}


def most_severe_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, the most severe first; among the critical ones, no-subscriber first."""
    unique: dict[tuple[str, str, str], Finding] = {}
    for each in sorted(findings, key=_severity):
        unique.setdefault(each.identity, each)
    return tuple(unique.values())


def _severity(finding: Finding) -> tuple[object, ...]:
    no_subscriber = finding.code is Code.NO_SUBSCRIBER
    return _RANK[finding.level], not no_subscriber, finding.identity, finding.fact, finding.advice


def overall(findings: Iterable[Finding]) -> Health:
    """The health that the findings give: critical, warning or healthy."""
    levels = {finding.level for finding in findings}
    if Level.CRITICAL in levels:
        return Health.CRITICAL
    return Health.WARNING if Level.WARNING in levels else Health.HEALTHY
