"""An installation with good and bad databases, for pictures and for looking at the status page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from lifeboat.alerts.policy.state import KnownSchedule, schedule_of
from lifeboat.alerts.policy.topic_facts import Subscription, TopicFacts
from lifeboat.errors import ServerError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.drill_report import DrillReport, Outcome, TableResult, Verdict
from lifeboat.model.keys import BackupLocation, drill_key
from lifeboat.model.manifest import StoredObject
from lifeboat.model.tiers import tier_of
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import (
    BucketFacts,
    DatabaseFacts,
    DefaultEncryption,
    Facts,
    PublicAccessBlock,
    StoredVersion,
    Unknown,
)
from lifeboat.monitor.policy.status import status_of
from lifeboat.monitor.policy.status_page import status_page
from lifeboat.monitor.policy.table_losses import Losses
from lifeboat.settings import WatchedDatabase, WatchedSettings
from lifeboat.settings.lifecycle import lifecycle_rules

NOW = datetime(2026, 11, 25, 12, 15, tzinfo=UTC)
"""The time of the sample; nothing is compared with today's clock."""

_DAY = timedelta(days=1)
_SLOT = NOW.replace(hour=2, minute=0)
_KNOWN_DAYS = 60
_MB = 1_000_000


@dataclass(frozen=True)
class Kind:
    """What is special about a database.

    Attributes:
        missed: days ago of the runs that were missed.
        drill: the verdict of its newest drill; None: never drilled.
        days: for how many days it has been backed up.
        failed: whether its last run failed.
        unknown: whether its objects could not be listed.
        seconds: of its drills.
    """

    missed: tuple[int, ...] = ()
    drill: Verdict | None = Verdict.PROVEN
    days: int = 45
    failed: bool = False
    unknown: bool = False
    seconds: float = 130.0


GOOD = Kind()
KINDS = {
    "stale": Kind(missed=(0, 1), failed=True),
    "drill failed": Kind(drill=Verdict.FAILED),
    "unknown": Kind(unknown=True),
    "partial": Kind(drill=Verdict.PARTIAL),
    "slow": Kind(seconds=4000.0),
    "gaps": Kind(missed=(3, 10, 11)),
    "new": Kind(days=3, drill=None),
    "empty": Kind(days=0, drill=None),
    "good": GOOD,
}


def sample_page(databases: dict[str, Kind]) -> str:
    """The status page of an installation with these databases."""
    settings = WatchedSettings(
        databases=tuple(WatchedDatabase(name=name) for name in databases), restorable=True
    )
    facts = _facts(databases, settings)
    status = status_of(facts, settings, evaluate(facts, settings, NOW), NOW)
    return status_page(status, facts, settings, NOW)


def _facts(databases: dict[str, Kind], settings: WatchedSettings) -> Facts:
    watched = {each.name: each for each in settings.databases}
    pager = Subscription(protocol="email", endpoint="oncall@example.com")
    return Facts(
        bucket_name="lifeboat-vaultbucket1f2e3d4c-5b6a79887766",
        region="eu-central-1",
        account="123456789012",
        bucket=BucketFacts(
            lifecycle=lifecycle_rules(settings),
            versioning=True,
            object_lock=True,
            encryption=DefaultEncryption(algorithm="AES256"),
            public_access=PublicAccessBlock(
                block_public_acls=True,
                ignore_public_acls=True,
                block_public_policy=True,
                restrict_public_buckets=True,
            ),
        ),
        databases=tuple(
            _database(watched[name], kind, number)
            for number, (name, kind) in enumerate(databases.items())
        ),
        topic=TopicFacts(arn="arn:aws:sns:eu-central-1:123456789012:t", subscriptions=(pager,)),
    )


def _database(watched: WatchedDatabase, kind: Kind, number: int) -> DatabaseFacts:
    since = NOW - (_KNOWN_DAYS if kind.days >= 1 else 0) * _DAY
    if 0 < kind.days < _KNOWN_DAYS // 2:
        since = _SLOT - (kind.days - 1) * _DAY - timedelta(hours=1)
    if kind.unknown:
        denied = Unknown(
            why="Could not list s3://lifeboat/daily/: AccessDenied: denied by a bucket policy.",
            todo="Look for a bucket policy that denies it.",
        )
        return DatabaseFacts(name=watched.name, objects=denied)
    taken = [day for day in range(kind.days) if day not in kind.missed]
    backups = [_backup(watched.name, _SLOT - day * _DAY, number) for day in taken]
    drills = [*_drills(watched.name, kind, backups[0].location.id)] if backups else []
    objects = [version for each in backups for version in _stored(each)]
    objects += (_version(drill_key(watched.name, each.started), each.finished) for each in drills)
    return DatabaseFacts(
        name=watched.name,
        objects=tuple(objects),
        manifests=tuple(_compared(backups)),
        drills=tuple(drills),
        attempts=(_failure(watched.name),) if kind.failed else (),
        known=KnownSchedule(schedule=schedule_of(watched), since=since),
    )


def _backup(database: str, slot: datetime, number: int) -> BackupFacts:
    location = BackupLocation(tier_of(slot, UTC), database, slot)  # type: ignore[arg-type]
    size = (40 + 61 * number % 400) * _MB
    return BackupFacts(
        location=location,
        data_as_of=slot + timedelta(seconds=1),
        seconds=61,
        archive=(
            StoredObject(key=location.archive_key, version_id="1", bytes=size, sha256="ab" * 32),
        ),
        globals=None,
        compression="zstd:1",
        pg_dump="17.6",
        server_version="17.6",
        standby=False,
        expires=None,
        database_bytes=5 * size,
        lsn=f"0/{int(slot.timestamp()):X}",
        rows=size // 64,
        excluded=b"",
        content=slot.isoformat().encode(),
        detects_changes=True,
        bytes_read=6 * size,
    )


def _compared(backups: list[BackupFacts]) -> Iterator[BackupFacts]:
    """The same, as each would be after its tables were compared with those of the one before."""
    for newer, older in zip_longest(backups, backups[1:]):
        if older:
            none = Losses(since=older.location, count=0, first=(), harmless=True)
            yield replace(newer, losses=none)
        else:
            yield newer


def _stored(backup: BackupFacts) -> Iterator[StoredVersion]:
    written = backup.data_as_of + timedelta(seconds=61)
    yield _version(backup.location.archive_key, written, backup.bytes)
    yield _version(backup.key, written)


def _version(key: str, modified: datetime, size: int = 4000) -> StoredVersion:
    return StoredVersion(key=key, version_id="1", bytes=size, modified=modified)


def _drills(database: str, kind: Kind, newest: str) -> Iterator[DrillReport]:
    if kind.drill is None:
        return
    monday = NOW.replace(hour=5, minute=0) - 2 * _DAY
    for week in range(5):
        verdict = kind.drill if week == 0 else Verdict.PROVEN
        yield _drill(database, monday - 7 * week * _DAY, verdict, kind.seconds, newest)


def _drill(
    database: str, started: datetime, verdict: Verdict, seconds: float, backup: str
) -> DrillReport:
    proven = verdict is Verdict.PROVEN
    table = TableResult(
        schema="public", name="users", expected=1, restored=1, outcome=Outcome.PASSED
    )
    return DrillReport(
        database=database,
        started=started,
        finished=started + timedelta(seconds=seconds),
        run_id="r-1",
        lifeboat_version="0.1.0",
        backup=backup,
        target="embedded",
        verdict=verdict,
        reasons=() if proven else ("public.orders: 7,310 rows instead of 7,311",),
        advice=None if proven else "Take a manual backup now and drill it.",
        tables=(table,),
        seconds={},
        total_seconds=seconds,
        rto_seconds=3600,
        rows=1,
        memory_mb=3008,
        ephemeral_mb=4096,
    )


def _failure(database: str) -> Attempt:
    error = ServerError(
        "Could not connect to lifeboat@ep-cool-name.eu-central-1.aws.neon.tech:5432/app:"
        ' password authentication failed for user "lifeboat".',
        safe="No backup was published by this run; earlier backups are untouched.",
        todo="Store the role's present password in the secret, then invoke the function again.",
    )
    started = _SLOT + timedelta(seconds=2)
    running = Attempt(
        kind=AttemptKind.BACKUP, database=database, run_id="r-2", started=started, notified=True
    )
    return running.failed(error, started + timedelta(seconds=9))
