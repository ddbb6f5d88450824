"""How soon a person has to act on a finding, and why: the only place that says so."""

from dataclasses import dataclass
from enum import StrEnum

from lifeboat.alerts.policy.findings import Code, Level


class Urgency(StrEnum):
    """How soon a person has to act."""

    NOW = "now"
    TODAY = "today"
    THIS_WEEK = "this-week"

    @property
    def order(self) -> str:
        """As a subject has it: ACT NOW."""
        return f"ACT {self.value.replace('-', ' ').upper()}"


_ANSWERS = {
    Urgency.NOW: "No.",
    Urgency.TODAY: "Yes, but no longer.",
    Urgency.THIS_WEEK: "Yes. This week is soon enough.",
}


@dataclass(frozen=True)
class Wait:
    """Whether a finding can wait until morning.

    Attributes:
        urgency: how soon a person has to act.
        reason: why, a sentence.
    """

    urgency: Urgency
    reason: str

    @property
    def answer(self) -> str:
        """The answer to the question whether it can wait until morning."""
        return f"{_ANSWERS[self.urgency]} {self.reason}"


_LESS = Wait(Urgency.TODAY, "There may be a harmless reason; look at it in the morning.")
"""A finding of a code that cannot wait, but only a warning."""

_DELETED = "Somebody may still be deleting, and what is deleted can be brought back for some time."
_UNPROTECTED = "Until it is repaired, whoever may delete objects can delete backups."
_EXPOSED = "No backup protects the changes since the last one."
_UNTESTED = "Backups are still taken and checked."
_TAKEN = "Backups do not depend on it."
_GROWS = "Growth reaches the limit in weeks, not hours."
_SILENT = "Until then, nobody is notified of anything else."

WAITS: dict[Code, Wait] = {
    Code.TABLE_ROWS_DROPPED: Wait(
        Urgency.NOW, "With each new write, it is harder to put the rows back."
    ),
    Code.BACKUPS_DELETED: Wait(Urgency.NOW, _DELETED),
    Code.ARCHIVE_MISSING: Wait(Urgency.NOW, _DELETED),
    Code.ARCHIVE_DIFFERS: Wait(Urgency.NOW, "Somebody may still be overwriting backups."),
    Code.MANIFEST_REPLACED: Wait(
        Urgency.NOW,
        "Somebody may still be overwriting backups; remove those rights.",
    ),
    Code.EXPIRES_EARLY: Wait(Urgency.NOW, "S3 deletes every day what the rule names."),
    Code.PUBLIC_ACCESS_UNBLOCKED: Wait(Urgency.NOW, "Backups may become readable for everybody."),
    Code.OBJECT_LOCK_DISABLED: Wait(Urgency.NOW, _UNPROTECTED),
    Code.VERSIONING_DISABLED: Wait(Urgency.NOW, _UNPROTECTED),
    Code.RESTORE_FAILED: Wait(Urgency.NOW, "Whoever started the restore is waiting for it."),
    Code.NO_SUBSCRIBER: Wait(Urgency.TODAY, _SILENT),
    Code.SUBSCRIPTION_PENDING: Wait(Urgency.TODAY, "AWS deletes the subscription after 48 hours."),
    Code.SUBSCRIPTION_MISSING: Wait(Urgency.TODAY, "That address gets no message until then."),
    Code.CHECK_INCOMPLETE: Wait(Urgency.TODAY, "Until then, what was not checked may be wrong."),
    Code.BACKUP_FAILED: Wait(Urgency.TODAY, _EXPOSED),
    Code.NO_BACKUP: Wait(Urgency.TODAY, "Nothing protects the database until it has a backup."),
    Code.BACKUP_TOO_OLD: Wait(Urgency.TODAY, _EXPOSED),
    Code.RUN_MISSED: Wait(Urgency.TODAY, "The next run may be missed too."),
    Code.MANIFEST_UNREADABLE: Wait(Urgency.TODAY, "Other backups are not affected."),
    Code.ROW_COUNT_ANOMALY: Wait(Urgency.TODAY, "If it was no clean-up, data is missing."),
    Code.SIZE_ANOMALY: Wait(Urgency.TODAY, "If it was no clean-up, data is missing."),
    Code.DATA_UNCHANGED: Wait(Urgency.TODAY, "The backups may be of the wrong database."),
    Code.DRILL_FAILED: Wait(
        Urgency.TODAY, "Until it is understood, do not rely on a restore of this backup."
    ),
    Code.DRILL_REPORT_REPLACED: Wait(Urgency.TODAY, "Somebody may write into the bucket."),
    Code.TRANSFER_ALLOWANCE: Wait(
        Urgency.TODAY, "The provider may charge more, or stop the database, at the limit."
    ),
    Code.NEON_TRANSFER: Wait(
        Urgency.TODAY, "Neon may charge more, or stop the database, at the limit."
    ),
    Code.NEON_GONE: Wait(Urgency.TODAY, "A deleted project can be recovered for some days only."),
    Code.CLOCK_SKEW: Wait(Urgency.TODAY, "Backups with a wrong time do not count."),
    Code.DRILL_ERROR: Wait(Urgency.TODAY, _UNTESTED),
    Code.ENCRYPTION_DRIFT: Wait(Urgency.TODAY, "Each backup sets its own encryption."),
    Code.LIFECYCLE_DRIFT: Wait(Urgency.THIS_WEEK, "Nothing is deleted too early."),
    Code.INCOMPLETE_BACKUP: Wait(Urgency.THIS_WEEK, "It only costs money."),
    Code.STALE_UPLOAD: Wait(Urgency.THIS_WEEK, "It only costs money."),
    Code.UNMANAGED_PREFIX: Wait(Urgency.THIS_WEEK, "It only costs money."),
    Code.NO_RESTORE_TARGET: Wait(Urgency.THIS_WEEK, "Backups can be restored manually."),
    Code.NEON_HISTORY_SHORT: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_NO_SCHEDULE: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_SNAPSHOT_OVERDUE: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_UNPROTECTED: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_KEY: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_WATCH_STALE: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.NEON_BRANCH: Wait(Urgency.THIS_WEEK, _TAKEN),
    Code.DRILLS_DISABLED: Wait(Urgency.THIS_WEEK, _UNTESTED),
    Code.NO_DRILL: Wait(Urgency.THIS_WEEK, _UNTESTED),
    Code.DRILL_TOO_OLD: Wait(Urgency.THIS_WEEK, _UNTESTED),
    Code.DRILL_PARTIAL: Wait(Urgency.THIS_WEEK, "What was tested is right."),
    Code.DRILL_REPORT_UNREADABLE: Wait(Urgency.THIS_WEEK, _UNTESTED),
    Code.RTO_MISSED: Wait(Urgency.THIS_WEEK, "The backup can be restored, only not in time."),
    Code.PG_DUMP_OUTDATED: Wait(Urgency.THIS_WEEK, "Backups are complete."),
    Code.STANDBY_OUTDATED: Wait(Urgency.THIS_WEEK, "Backups can be restored."),
    Code.RTO_AT_RISK: Wait(Urgency.THIS_WEEK, _GROWS),
    Code.BACKUP_TIMEOUT_AT_RISK: Wait(Urgency.THIS_WEEK, _GROWS),
    Code.BACKUP_MEMORY_AT_RISK: Wait(Urgency.THIS_WEEK, "Backups are still complete."),
    Code.DRILL_TIMEOUT_AT_RISK: Wait(Urgency.THIS_WEEK, _GROWS),
    Code.DRILL_DISK_AT_RISK: Wait(Urgency.THIS_WEEK, _GROWS),
    Code.DRILL_MEMORY_AT_RISK: Wait(Urgency.THIS_WEEK, _UNTESTED),
    Code.JOB_WAITS: Wait(Urgency.TODAY, "It is given up after 8 hours; the next run may wait too."),
    Code.BECOMES_JOB: Wait(Urgency.THIS_WEEK, "Lifeboat does it by itself."),
}
"""For every code, how soon a person has to act, and why."""


def wait_of(code: Code, level: Level) -> Wait:
    """Whether a finding can wait until morning.

    Args:
        code: its kind.
        level: how bad it is. What is only a warning wakes nobody up.
    """
    wait = WAITS[code]
    return _LESS if wait.urgency is Urgency.NOW and level is not Level.CRITICAL else wait
