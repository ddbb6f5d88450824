"""What was seen in the vault at one moment: all that judging its health may use.

Whoever looks (`lifeboat.monitor.observe`) fills these in and judges nothing; whoever judges
(`lifeboat.monitor.policy.evaluate`) sees nothing else. What could not be seen is said with
`Unknown` or a
`Problem`, never left out: an empty tuple means that somebody looked and there was nothing.
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
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.backup_facts import BackupFacts


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that could not be seen.

    Attributes:
        why: a sentence: what was asked, and what came back instead of an answer.
        todo: what a person can do about it.
    """

    why: str
    todo: str

    @classmethod
    def of(cls, error: LifeboatError) -> Self:
        """In the words of the error that was raised on the way."""
        return cls(why=error.what, todo=error.todo)


NOT_ASKED = Unknown(why="The topic was not checked.", todo="Read the monitor's log.")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A call that was denied or failed, or a budget that was used up: the facts have a gap.

    Attributes:
        subject: which gap, the same at each run that has it, such as "read
            daily/app/2026-11-22T020000Z/manifest.json" or "monitor/state.json"; no figures.
        why: a sentence: what was asked, and what came back instead of an answer.
        todo: what a person can do about it.
        database: whose facts have the gap; None when it is nobody's in particular.
    """

    subject: str
    why: str
    todo: str
    database: str | None = None

    @classmethod
    def of(cls, subject: str, error: LifeboatError, *, database: str | None = None) -> Self:
        """In the words of the error that was raised on the way."""
        return cls(subject=subject, why=error.what, todo=error.todo, database=database)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredVersion:
    """One version of an object, or a delete marker, as ListObjectVersions gives it.

    The listing is all that there is to go by: the monitor has no right to read an archive.

    Attributes:
        key: of the object.
        version_id: None in a bucket without versions (where S3 says "null").
        bytes: its size; 0 for a delete marker.
        storage_class: as S3 calls it, such as STANDARD or DEEP_ARCHIVE.
        modified: when this version was written, in UTC; a move to another class leaves it alone.
        latest: whether it is what a plain GET would meet.
        deleted: it is a delete marker.
    """

    key: str
    version_id: str | None = None
    bytes: int
    storage_class: str = "STANDARD"
    modified: datetime
    latest: bool = True
    deleted: bool = False

    @property
    def there(self) -> bool:
        """Whether a plain GET finds this version."""
        return self.latest and not self.deleted


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A document (manifest or drill report) that is there but says nothing.

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
        """In the words of the error that its parser raised."""
        return cls(key=key, why=error.what, safe=error.safe, todo=error.todo)


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """What lies in the vault of one database of the settings.

    Attributes:
        name: of the database.
        objects: every version of every object under its prefixes, those of the four tiers and of
            drills/, in any order.
        manifests: what those of (at least) `backups_to_read` claim, in any order.
        drills: the gist of (at least) `reports_to_read`, in any order.
        attempts: its last backup and its last drill, as far as they left a record.
        replaced: manifests that had two versions when they were last looked at, by key, and when
            the first was written: S3 may have deleted that one since.
        known: what is known of it besides; None until somebody asked
            (`lifeboat.monitor.policy.first_known`).
    """

    name: str
    objects: tuple[StoredVersion, ...] | Unknown
    manifests: tuple[BackupFacts | Unreadable, ...] = ()
    drills: tuple[DrillReport | Unreadable, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    replaced: Mapping[str, datetime] = field(default_factory=dict)
    known: KnownSchedule | None = None


@dataclass(frozen=True, kw_only=True)
class DefaultEncryption:
    """What S3 does to objects that come without a word on encryption.

    Attributes:
        algorithm: "AES256", "aws:kms" or "aws:kms:dsse".
        key: the KMS key as the bucket names it; None for AES256 or AWS's own key.
    """

    algorithm: str
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublicAccessBlock:
    """The bucket's four switches against the public; all off when it has no such configuration."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False


@dataclass(frozen=True, kw_only=True)
class BucketFacts:
    """How the bucket itself is configured.

    Attributes:
        lifecycle: its rules; empty when it has none.
        versioning: whether new versions are kept (Status "Enabled").
        object_lock: whether Object Lock is enabled.
        encryption: the default for new objects; None when it has none.
        public_access: the switches against the public.
    """

    lifecycle: tuple[LifecycleRule, ...] | Unknown
    versioning: bool | Unknown
    object_lock: bool | Unknown
    encryption: DefaultEncryption | Unknown | None
    public_access: PublicAccessBlock | Unknown


@dataclass(frozen=True, kw_only=True)
class UnfinishedUpload:
    """A multipart upload that was begun and neither completed nor aborted.

    Attributes:
        key: of the object that it would become.
        initiated: when it was begun, in UTC.
    """

    key: str
    initiated: datetime


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that was seen.

    Attributes:
        vault: the bucket's name.
        region: where it lies, such as eu-central-1.
        stack: the stack's name, with which the names of its functions begin.
        account: the AWS account's 12 digits; "" where nobody knows them.
        bucket: how it is configured.
        databases: one entry for each database of the settings.
        unmanaged_prefixes: prefixes, slash included, that belong to no database of the settings:
            "daily/old/" below a tier or drills/, or the first part of a key that is no tier,
            such as "tmp/" ("drills/" and "monitor/" are known); a key without a slash as it is.
        uploads: every unfinished upload in the bucket.
        topic: who hears what is published.
        problems: what else could not be seen.
    """

    vault: str
    region: str
    stack: str = "Lifeboat"
    account: str = ""
    bucket: BucketFacts
    databases: tuple[DatabaseFacts, ...]
    unmanaged_prefixes: tuple[str, ...] | Unknown = ()
    uploads: tuple[UnfinishedUpload, ...] | Unknown = ()
    topic: TopicFacts | Unknown = NOT_ASKED
    problems: tuple[Problem, ...] = ()

    @property
    def installation(self) -> Installation:
        """Whose facts these are."""
        return Installation(
            stack=self.stack, account=self.account, region=self.region, vault=self.vault
        )


def published(objects: Iterable[StoredVersion]) -> dict[BackupLocation, datetime]:
    """The backups whose manifest is there, and when it was written; the newest slot first."""
    found = {
        parsed[0]: version.modified
        for version in objects
        if version.there and (parsed := parse_key(version.key)) and parsed[1] == MANIFEST
    }
    newest_first = sorted(
        found, key=lambda location: (location.scheduled_at, location.tier), reverse=True
    )
    return {location: found[location] for location in newest_first}


def backups_to_read(objects: Iterable[StoredVersion], history: int) -> list[BackupLocation]:
    """Whose manifests judging needs: the newest `history` ones, and the newest of each tier.

    None that claims a slot later than the moment at which it was written: a few of those would
    take the place of all the others.
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
        if version.there
        and (parsed := parse_drill_key(version.key))
        and not is_ahead(parsed[1], version.modified)
    }
    return sorted(keys, reverse=True)[:count]
