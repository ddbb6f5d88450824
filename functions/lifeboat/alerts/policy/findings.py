"""What the monitor has to say: findings, each with what a tired person needs to act on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is. Only critical and warning ones are told; info stands in the status."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Health(StrEnum):
    """How a database or all of them are, the worst first.

    Only what has a backup and a drill, both young enough, is healthy. Without findings that are
    told, one that waits for its first of either has a word of its own, and so has one whose drills
    are switched off and that was not drilled by hand lately.
    """

    CRITICAL = "critical"
    WARNING = "warning"
    NO_BACKUP_YET = "no-backup-yet"
    NOT_DRILLED_YET = "not-drilled-yet"
    DRILLS_OFF = "drills-off"
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
    """What kind of thing was found. Filters and the monitor's memory know findings by these."""

    NOT_SEEN = "not-seen"
    NOBODY_LISTENS = "nobody-listens"
    SUBSCRIPTION_PENDING = "subscription-pending"
    SUBSCRIPTION_MISSING = "subscription-missing"
    RESTORE_NOWHERE = "restore-nowhere"
    BACKUP_FAILED = "backup-failed"
    NEVER_BACKED_UP = "never-backed-up"
    BACKUP_TOO_OLD = "backup-too-old"
    SLOT_MISSED = "slot-missed"
    ARCHIVE_MISSING = "archive-missing"
    ARCHIVE_DIFFERS = "archive-differs"
    MANIFEST_UNREADABLE = "manifest-unreadable"
    MANIFEST_REPLACED = "manifest-replaced"
    BACKUPS_DELETED = "backups-deleted"
    LEFTOVER = "leftover"
    FROM_THE_FUTURE = "from-the-future"
    BYTES_SHRANK = "bytes-shrank"
    ROWS_SHRANK = "rows-shrank"
    TABLES_LOST = "tables-lost"
    UNCHANGED = "unchanged"
    DRILLS_OFF = "drills-off"
    DRILL_NEVER = "drill-never"
    DRILL_STALE = "drill-stale"
    DRILL_ERROR = "drill-error"
    DRILL_FAILED = "drill-failed"
    DRILL_PARTIAL = "drill-partial"
    DRILL_UNREADABLE = "drill-unreadable"
    DRILL_REPLACED = "drill-replaced"
    RTO_MISSED = "rto-missed"
    RTO_SOON = "rto-soon"
    BACKUP_TIME = "backup-time"
    TRANSFER_ALLOWANCE = "transfer-allowance"
    PG_DUMP_OLDER = "pg-dump-older"
    DRILL_TIME = "drill-time"
    DRILL_DISK = "drill-disk"
    EXPIRES_EARLY = "expires-early"
    LIFECYCLE = "lifecycle"
    OBJECT_LOCK = "object-lock"
    VERSIONING = "versioning"
    ENCRYPTION = "encryption"
    PUBLIC_ACCESS = "public-access"
    UPLOAD_UNFINISHED = "upload-unfinished"
    STRANGER = "stranger"
    RESTORE_FAILED = "restore-failed"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a person should know.

    Attributes:
        code: what kind of thing it is.
        level: how bad it is.
        database: whose; None when it is about the vault as a whole.
        subject: which of several of that kind, such as a backup's id; "" where there is only one.
            No figures in it: code, database and subject are the finding's identity, and a
            backup that gets older is no news.
        headline: what is wrong in a few words that go on after the database's name, such as "has
            no backup for 44 h"; ASCII.
        fact: what was seen, with names and figures, in sentences.
        limit: what it was measured against, and which setting says so; "" where there is none.
        since: since when it has been so, as far as that is known.
        safe: what is not affected.
        advice: what to do next, the first thing first; commands are ready to paste.
        passing: it tells of something that happened and is past. It leaves the list after some
            days without having become right again.
        basis: the moment that the newest document shows on which it rests. Only a later one can
            show that it is right again (`lifeboat.monitor.policy.endings`); None where no document
            can.
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
    advice: tuple[str, ...]
    passing: bool = False
    basis: datetime | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same while the figures change: database ("" for none), code, subject."""
        return self.database or "", self.code.value, self.subject


_RANK = {level: rank for rank, level in enumerate(Level)}


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, the critical ones first, and of those the one that nobody hears them."""
    unique: dict[tuple[str, str, str], Finding] = {}
    for each in sorted(findings, key=_gravity):
        unique.setdefault(each.identity, each)
    return tuple(unique.values())


def _gravity(finding: Finding) -> tuple[object, ...]:
    unheard = finding.code is Code.NOBODY_LISTENS
    return _RANK[finding.level], not unheard, finding.identity, finding.fact, finding.advice


def overall(findings: Iterable[Finding]) -> Health:
    """What the findings come to: critical, warning, or healthy as far as they go."""
    levels = {finding.level for finding in findings}
    if Level.CRITICAL in levels:
        return Health.CRITICAL
    return Health.WARNING if Level.WARNING in levels else Health.HEALTHY
