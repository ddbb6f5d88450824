"""The facts about the bucket at one time: the only input of all checks.

`lifeboat.monitor.observe` collects them and evaluates nothing; `lifeboat.monitor.policy.evaluate`
uses nothing else. What could not be read is `Unknown` or a `Problem`, and never left out: an empty
tuple means that there is nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.state import KnownSchedule
from lifeboat.alerts.policy.topic_facts import TopicFacts
from lifeboat.errors import LifeboatError
from lifeboat.model.attempt import Attempt
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import MANIFEST, BackupLocation, parse_drill_key, parse_key
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.provider import ProviderReport
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.build_facts import BuildFacts


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that could not be read.

    Attributes:
        why: a sentence: what was requested, and what failed.
        todo: what a person can do about it.
    """

    why: str
    todo: str

    @classmethod
    def of(cls, error: LifeboatError) -> Self:
        """With the text of an error."""
        return cls(why=error.what, todo=error.todo)


NOT_CHECKED = Unknown(why="The topic was not checked.", todo="Read the monitor's log.")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A gap in the facts: a request was denied or failed, or a budget was used up.

    Attributes:
        subject: identifies the gap, the same at each check, such as "read
            daily/app/2026-11-22T020000Z/manifest.json" or "monitor/state.json"; no figures.
        why: a sentence: what was requested, and what failed.
        todo: what a person can do about it.
        database: the database of the facts; None if they are not about one.
    """

    subject: str
    why: str
    todo: str
    database: str | None = None

    @classmethod
    def of(cls, subject: str, error: LifeboatError, *, database: str | None = None) -> Self:
        """With the text of an error."""
        return cls(subject=subject, why=error.what, todo=error.todo, database=database)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """One version of an object, or a delete marker, as ListObjectVersions gives it.

    The monitor relies on listings: it has no right to read an archive.

    Attributes:
        key: of the object.
        version_id: None in a bucket without versioning (S3 says "null").
        bytes: its size; 0 for a delete marker.
        storage_class: S3's name, such as STANDARD or DEEP_ARCHIVE.
        modified: when this version was written, in UTC; a move to another class does not change it.
        latest: whether it is the current version.
        deleted: whether it is a delete marker.
    """

    key: str
    version_id: str | None = None
    bytes: int
    storage_class: str = "STANDARD"
    modified: datetime
    latest: bool = True
    deleted: bool = False

    @property
    def is_current(self) -> bool:
        """Whether a GET without a version returns it."""
        return self.latest and not self.deleted


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A document (manifest or drill report) that exists but is damaged or too new.

    Attributes:
        key: of the object.
        why: what is wrong with it, a sentence.
        safe: what is not affected.
        todo: what a person can do about it.
    """

    key: str
    why: str
    safe: str
    todo: str

    @classmethod
    def of(cls, key: str, error: LifeboatError) -> Self:
        """With the text of the parser's error."""
        return cls(key=key, why=error.what, safe=error.safe, todo=error.todo)


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """The facts about one database of the settings.

    Attributes:
        name: of the database.
        objects: every version of every object under its prefixes (the four tiers and drills/), in
            any order.
        manifests: of (at least) `backups_to_read`, in any order.
        drills: reports of (at least) `reports_to_read`, without details, in any order.
        attempts: the records of its last backup, its last drill, and its last restore by a job.
        provider: what its provider says about it; None if it was not asked yet, or never is.
        replaced: manifests that had two versions at an earlier check, by key, and when the first
            was written; S3 may have deleted that one since.
        known: what the monitor's state has about it; `lifeboat.monitor.policy.first_known` sets it.
    """

    name: str
    objects: tuple[StoredVersion, ...] | Unknown
    manifests: tuple[BackupFacts | Unreadable, ...] = ()
    drills: tuple[DrillReport | Unreadable, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    provider: ProviderReport | None = None
    replaced: Mapping[str, datetime] = field(default_factory=dict)
    known: KnownSchedule | None = None


@dataclass(frozen=True, kw_only=True)
class DefaultEncryption:
    """The bucket's default encryption.

    Attributes:
        algorithm: "AES256", "aws:kms" or "aws:kms:dsse".
        key: the KMS key as the bucket names it; None for AES256 or AWS's own key.
    """

    algorithm: str
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublicAccessBlock:
    """The bucket's public access block; all off if it has none."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


@dataclass(frozen=True, kw_only=True)
class BucketFacts:
    """How the bucket itself is configured.

    Attributes:
        lifecycle: its rules; empty if it has none.
        versioning: whether new versions are kept (Status "Enabled").
        object_lock: whether Object Lock is enabled.
        encryption: the default for new objects; None if it has none.
        public_access: its public access block.
    """

    lifecycle: tuple[LifecycleRule, ...] | Unknown
    versioning: bool | Unknown
    object_lock: bool | Unknown
    encryption: DefaultEncryption | Unknown | None
    public_access: PublicAccessBlock | Unknown


@dataclass(frozen=True, kw_only=True)
class UnfinishedUpload:
    """A multipart upload that was started and neither completed nor aborted.

    Attributes:
        key: of the object that it would become.
        initiated: when it was started, in UTC.
    """

    key: str
    initiated: datetime


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All facts.

    Attributes:
        bucket_name: such as lifeboat-vaultbucket1f2e3d4c-5b6a79887766.
        region: of the bucket, such as eu-central-1.
        stack: the stack's name, with which the names of its functions begin.
        account: the AWS account's 12 digits; "" if they are unknown.
        bucket: its configuration.
        databases: one entry for each database of the settings.
        unmanaged_prefixes: prefixes, slash included, that belong to no database of the settings:
            "daily/old/" below a tier or drills/, or the first part of a key that is no tier,
            such as "tmp/" ("drills/" and "monitor/" are known); a key without a slash as it is.
        uploads: every unfinished upload in the bucket.
        topic: who is subscribed to it.
        problems: what else could not be read.
        digests: the SHA-256 of each manifest and report that was read, by its key.
        builds: what CodeBuild says of the builds of runs that have not ended, by their ids.
    """

    bucket_name: str
    region: str
    stack: str = "Lifeboat"
    account: str = ""
    bucket: BucketFacts
    databases: tuple[DatabaseFacts, ...]
    unmanaged_prefixes: tuple[str, ...] | Unknown = ()
    uploads: tuple[UnfinishedUpload, ...] | Unknown = ()
    topic: TopicFacts | Unknown = NOT_CHECKED
    problems: tuple[Problem, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    builds: Mapping[str, BuildFacts] | Unknown = field(default_factory=dict)

    @property
    def installation(self) -> Installation:
        """The installation that the facts are about."""
        return Installation(
            stack=self.stack,
            account=self.account,
            region=self.region,
            bucket=self.bucket_name,
        )


def published(objects: Iterable[StoredVersion]) -> dict[BackupLocation, datetime]:
    """The backups with a manifest, and when it was written; by scheduled time, the newest first."""
    found = {
        parsed[0]: version.modified
        for version in objects
        if version.is_current and (parsed := parse_key(version.key)) and parsed[1] == MANIFEST
    }
    newest_first = sorted(
        found, key=lambda location: (location.scheduled_at, location.tier), reverse=True
    )
    return {location: found[location] for location in newest_first}


def backups_to_read(objects: Iterable[StoredVersion], history: int) -> list[BackupLocation]:
    """The backups whose manifests checks need: the newest `history`, and the newest of each tier.

    Backups whose scheduled time is later than the time they were written are left out: a few of
    them could displace all others.
    """
    everything = published(objects).items()
    past = [
        location for location, written in everything if not is_ahead(location.scheduled_at, written)
    ]
    newest = {location.tier: location for location in reversed(past)}
    chosen = {*past[:history], *(newest[tier] for tier in Tier if tier in newest)}
    return [location for location in past if location in chosen]


def reports_to_read(objects: Iterable[StoredVersion], count: int) -> list[str]:
    """The keys of the newest `count` drill reports, the newest first; none from the future."""
    keys = {
        version.key
        for version in objects
        if version.is_current
        and (parsed := parse_drill_key(version.key))
        and not is_ahead(parsed[1], version.modified)
    }
    return sorted(keys, reverse=True)[:count]
