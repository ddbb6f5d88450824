"""A bucket as the monitor sees it, healthy until a test breaks it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.state import KnownSchedule, schedule_of
from lifeboat.alerts.policy.topic_facts import Subscription, TopicFacts
from lifeboat.model.attempt import Attempt
from lifeboat.model.drill_report import DrillReport, Limit, Outcome, TableResult, Verdict
from lifeboat.model.engine import Engine, EngineChoice
from lifeboat.model.inventory import Inventory, Sequence, Table
from lifeboat.model.keys import BackupLocation
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.manifest import Archive, BackupRetention, Manifest, StoredObject
from lifeboat.model.provider import ProviderReport
from lifeboat.model.tiers import Tier, expires, tier_of
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.build_facts import BuildFacts
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import (
    BucketFacts,
    DatabaseFacts,
    DefaultEncryption,
    Facts,
    Problem,
    PublicAccessBlock,
    StoredVersion,
    UnfinishedUpload,
    Unknown,
    Unreadable,
)
from lifeboat.monitor.policy.reduction import Reduction
from lifeboat.monitor.policy.versions import Versions
from lifeboat.settings import WatchedDatabase, WatchedSettings
from tests.support.samples import MANIFEST

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
NEWEST = datetime(2026, 11, 25, 2, tzinfo=UTC)
UNKNOWN = Unknown(why="GetThat was denied.", todo="Allow it.")
APP = WatchedDatabase(name="app")
SETTINGS = WatchedSettings(databases=(APP,))
INSTALLATION = Installation(
    stack="Lifeboat", account="123456789012", region="us-east-1", bucket="bucket-1"
)


def location(slot: datetime, tier: Tier | None = None) -> BackupLocation:
    return BackupLocation(tier or tier_of(slot, UTC), "app", slot)  # type: ignore[arg-type]


def backup(
    slot: datetime,
    *,
    tier: Tier | None = None,
    tables: dict[str, int] | None = None,
    size: int = 50_000_000,
    seconds: float = 60,
    database_bytes: int = 200_000_000,
    lsn: str | None = "",
    excluded: Iterable[str] = (),
    engine: Engine = Engine.FUNCTION,
) -> Manifest:
    """A manifest whose content differs from that of any other slot by its sequence and lsn."""
    where = location(slot, tier)
    started = slot + SECOND
    rows = {"users": 1000, "events": 5000} if tables is None else tables
    return MANIFEST.model_copy(
        update={
            "engine": engine,
            "tier": where.tier,
            "scheduled_at": slot,
            "started": started,
            "finished": started + timedelta(seconds=seconds),
            "archive": Archive(
                compression="zstd:1",
                pg_dump="17.6",
                objects=(_object(where.archive_key, size),),
            ),
            "globals": _object(where.globals_key, 321),
            "source": MANIFEST.source.model_copy(
                update={
                    "snapshot_time": started,
                    "bytes": database_bytes,
                    "lsn": f"0/{int(slot.timestamp()):X}" if lsn == "" else lsn,
                }
            ),
            "inventory": Inventory(
                tables=tuple(
                    Table(schema="public", name=name, rows=count, data_excluded=name in {*excluded})
                    for name, count in rows.items()
                ),
                sequences=(Sequence(schema="public", name="ids", last_value=7, is_called=True),),
                extensions=(),
                collations=(),
            ),
            "retention": BackupRetention(
                expires=expires(SETTINGS.retention.of(where.tier).days, slot),
                locked_until=None,
                lock_mode="governance",
            ),
        }
    )


def _object(key: str, size: int) -> StoredObject:
    return StoredObject(key=key, version_id=f"v-{key}", bytes=size, sha256="ab" * 32)


def with_row(row_bytes: int | None) -> "SeenBucket":
    """A healthy bucket whose newest backup has a largest row of so many bytes."""
    newest = backup(NEWEST)
    row = {"largest_row_bytes": row_bytes, "largest_row_table": "public.t"}
    archive = newest.archive.model_copy(update=row)
    bucket = healthy(days=0).add(newest.model_copy(update={"archive": archive}))
    return bucket.add(*(backup(NEWEST - day * DAY) for day in range(1, 9)))


def version(key: str, modified: datetime, size: int = 1000, **changed: object) -> StoredVersion:
    plain = StoredVersion(key=key, version_id=f"v-{key}", bytes=size, modified=modified)
    return replace(plain, **changed)  # type: ignore[arg-type]


def marker(key: str, modified: datetime) -> StoredVersion:
    return version(key, modified, size=0, version_id="marker", deleted=True)


def stored(manifest: Manifest) -> list[StoredVersion]:
    """The objects of a backup, as the bucket lists them."""
    claims = [*manifest.archive.objects, *([manifest.globals] if manifest.globals else [])]
    return [
        *(version(claim.key, manifest.finished, claim.bytes) for claim in claims),
        version(manifest.key, manifest.finished, 4000),
    ]


def drill(
    started: datetime,
    verdict: Verdict = Verdict.PROVEN,
    *,
    seconds: float = 120,
    limits: tuple[Limit, ...] = (),
    tables: tuple[Outcome, ...] = (Outcome.PASSED,),
    backup: datetime = NEWEST,
) -> DrillReport:
    return DrillReport(
        database="app",
        started=started,
        finished=started + timedelta(seconds=seconds),
        run_id="r-1",
        lifeboat_version="0.1.0",
        backup=location(backup).id,
        target="embedded",
        verdict=verdict,
        reasons=() if verdict is Verdict.PROVEN else ("public.users: 7 rows instead of 8",),
        advice=None if verdict is Verdict.PROVEN else "Look at the log.",
        tables=tuple(
            TableResult(schema="public", name=f"t{n}", expected=1, restored=1, outcome=outcome)
            for n, outcome in enumerate(tables)
        ),
        seconds={},
        total_seconds=seconds,
        rto_seconds=3600,
        limits=limits,
        rows=sum(outcome is Outcome.PASSED for outcome in tables),
        memory_mb=3008,
        ephemeral_mb=4096,
    )


def _archives(tier: str, storage_class: str) -> LifecycleRule:
    """The rule that moves a tier's archives to a colder class."""
    return LifecycleRule(
        id=f"{tier}-archives",
        prefix=f"{tier}/",
        larger_than=4 << 20,
        transitions=((30, storage_class),),
    )


RULES = (
    LifecycleRule(id="daily", prefix="daily/", expire_days=30),
    _archives("weekly", "GLACIER"),
    LifecycleRule(id="weekly", prefix="weekly/", expire_days=90),
    _archives("monthly", "DEEP_ARCHIVE"),
    LifecycleRule(id="monthly", prefix="monthly/", expire_days=365),
    _archives("manual", "DEEP_ARCHIVE"),
    LifecycleRule(id="drills", prefix="drills/", expire_days=400),
    LifecycleRule(id="restores", prefix="restores/", expire_days=400),
    LifecycleRule(id="evidence", prefix="evidence/", expire_days=800),
    LifecycleRule(id="exports", prefix="exports/", expire_days=3),
    LifecycleRule(id="attempts/notified", prefix="attempts/notified/", expire_days=1),
    LifecycleRule(id="sweep", noncurrent_days=1, expire_markers=True, abort_days=2),
)
"""What the stack makes of the default settings."""

BUCKET = BucketFacts(
    lifecycle=RULES,
    versioning=True,
    object_lock=True,
    encryption=DefaultEncryption(algorithm="AES256"),
    public_access=PublicAccessBlock(
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=True,
        restrict_public_buckets=True,
    ),
)


TOPIC = "arn:aws:sns:us-east-1:000000000000:Lifeboat-Topic"
LISTENER = Subscription(protocol="sqs", endpoint="arn:aws:sqs:us-east-1:000000000000:pager")
HEARD = TopicFacts(arn=TOPIC, subscriptions=(LISTENER,))


def reduced(
    documents: Iterable[Manifest | Unreadable],
    objects: tuple[StoredVersion, ...],
    settings: WatchedSettings = SETTINGS,
    now: datetime = NOW,
) -> tuple[BackupFacts | Unreadable, ...]:
    """What the monitor keeps of manifests, which it reads by their slots."""
    reduction = Reduction(Versions(objects, now), settings.monitor)
    documents = list(documents)
    manifests = [each for each in documents if isinstance(each, Manifest)]
    for each in sorted(manifests, key=lambda each: each.scheduled_at, reverse=True):
        reduction.add(each)
    return (*reduction.done(), *(each for each in documents if isinstance(each, Unreadable)))


@dataclass
class SeenBucket:
    """What the monitor sees; everything may be changed before it is judged."""

    manifests: list[Manifest | Unreadable]
    objects: list[StoredVersion] | Unknown
    drills: list[DrillReport | Unreadable] = field(default_factory=list)
    attempts: tuple[Attempt, ...] = ()
    provider: ProviderReport | None = None
    asked_since: datetime | None = None
    configuration: BucketFacts = BUCKET
    uploads: tuple[UnfinishedUpload, ...] | Unknown = ()
    unmanaged_prefixes: tuple[str, ...] | Unknown = ()
    topic: TopicFacts | Unknown = HEARD
    problems: tuple[Problem, ...] = ()
    builds: Mapping[str, BuildFacts] | Unknown = field(default_factory=dict)
    scheduled_since: datetime | None = None
    settings: WatchedSettings = SETTINGS
    now: datetime = NOW

    def add(self, *manifests: Manifest) -> "SeenBucket":
        assert isinstance(self.objects, list)
        for manifest in manifests:
            self.manifests.append(manifest)
            self.objects += stored(manifest)
        return self

    def change(self, section: str, **values: object) -> "SeenBucket":
        """Change settings of a section such as "monitor"."""
        changed = getattr(self.settings, section).model_copy(update=values)
        self.settings = self.settings.model_copy(update={section: changed})
        return self

    def schedule(self, cron: str, timezone: str = "UTC") -> "SeenBucket":
        database = WatchedDatabase(name="app", cron=cron, timezone=timezone)
        self.settings = self.settings.model_copy(update={"databases": (database,)})
        return self

    def run_in(self, engine: EngineChoice) -> "SeenBucket":
        """Change where runs run."""
        database = self.settings.databases[0].model_copy(update={"engine": engine})
        self.settings = self.settings.model_copy(update={"databases": (database,)})
        return self

    def facts(self) -> Facts:
        objects = self.objects if isinstance(self.objects, Unknown) else tuple(self.objects)
        listed = () if isinstance(objects, Unknown) else objects
        return Facts(
            bucket_name=INSTALLATION.bucket,
            region=INSTALLATION.region,
            account=INSTALLATION.account,
            bucket=self.configuration,
            databases=(
                DatabaseFacts(
                    name="app",
                    objects=objects,
                    manifests=reduced(self.manifests, listed, self.settings, self.now),
                    drills=tuple(self.drills),
                    attempts=self.attempts,
                    provider=self.provider,
                    known=self.known(),
                ),
            ),
            unmanaged_prefixes=self.unmanaged_prefixes,
            uploads=self.uploads,
            topic=self.topic,
            problems=self.problems,
            builds=self.builds,
        )

    def known(self) -> KnownSchedule | None:
        """What the monitor remembers since `scheduled_since`."""
        if self.scheduled_since is None and self.asked_since is None:
            return None
        schedule, since = schedule_of(self.settings.databases[0]), self.scheduled_since or self.now
        return KnownSchedule(schedule=schedule, since=since, provider_since=self.asked_since)

    def findings(self) -> tuple[Finding, ...]:
        return evaluate(self.facts(), self.settings, self.now)

    def found(self, code: Code) -> list[Finding]:
        return [finding for finding in self.findings() if finding.code is code]

    def only(self, code: Code) -> Finding:
        """The one finding of that code."""
        (finding,) = self.found(code)
        return finding

    def codes(self) -> set[Code]:
        return {finding.code for finding in self.findings()}


def empty(**changed: object) -> SeenBucket:
    """A bucket without a backup."""
    return SeenBucket(manifests=[], objects=[], **changed)  # type: ignore[arg-type]


def healthy(days: int = 10, **changed: object) -> SeenBucket:
    """A bucket with a whole backup of each of the last days and a drill on Monday: no findings."""
    bucket = empty(drills=[drill(datetime(2026, 11, 23, 5, tzinfo=UTC))], **changed)
    return bucket.add(*(backup(NEWEST - day * DAY) for day in range(days)))
