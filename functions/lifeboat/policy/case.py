"""One database before the judge: its facts, put in order once for all who look at them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from lifeboat.policy.commands import Commands
from lifeboat.policy.drill_report import DrillReport
from lifeboat.policy.facts import DatabaseFacts, StoredVersion, Unreadable, published
from lifeboat.policy.manifest import Manifest, StoredObject
from lifeboat.policy.names import BackupLocation
from lifeboat.policy.utc import is_ahead
from lifeboat.settings import WatchedDatabase, WatchedSettings

GRACE = timedelta(hours=1)
"""For so long after its slot a run may still be under way: three attempts of 15 minutes."""

RECENT = timedelta(days=3)
"""For so long something that happened stays in the list of findings."""


class Fault(Enum):
    """Why an object in the bucket is not the one that a manifest names."""

    MISSING = "is not there"
    DELETED = "is hidden by a delete marker"
    REPLACED = "was overwritten by another version"
    RESIZED = "has another size"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known of one database, and what it is judged by.

    Attributes:
        database: its settings.
        settings: everybody's.
        facts: what was seen of it.
        objects: the same as `facts.objects`, once that is known to be known.
        commands: for advice.
        now: when it is judged.
    """

    database: WatchedDatabase
    settings: WatchedSettings
    facts: DatabaseFacts
    objects: tuple[StoredVersion, ...]
    commands: Commands
    now: datetime

    @property
    def name(self) -> str:
        """The database's name."""
        return self.database.name

    @cached_property
    def versions(self) -> dict[str, list[StoredVersion]]:
        """The versions of each key, the latest first."""
        found: defaultdict[str, list[StoredVersion]] = defaultdict(list)
        for version in self.objects:
            found[version.key].append(version)
        return {key: sorted(each, key=_newness, reverse=True) for key, each in found.items()}

    @cached_property
    def published(self) -> list[BackupLocation]:
        """Every backup that has a manifest, read or not, the newest slot first."""
        return list(self._written)

    @cached_property
    def early(self) -> list[BackupLocation]:
        """Those of them that claim a slot later than now, or than when they were written."""
        return [each for each in self.published if is_ahead(each.slot, self.written(each))]

    @cached_property
    def _written(self) -> dict[BackupLocation, datetime]:
        return published(self.objects)

    def written(self, location: BackupLocation) -> datetime:
        """When a backup's manifest was written, as far as that is known to lie in the past."""
        return min(self._written.get(location, self.now), self.now)

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """Those that could be read, each once, by the moment that they show, the newest first."""
        read = {each.key: each for each in self.facts.manifests if isinstance(each, Manifest)}
        return tuple(sorted(read.values(), key=_moment, reverse=True))

    @cached_property
    def whole(self) -> tuple[Manifest, ...]:
        """The backups that can be relied on: not from the future, and with the very archive."""
        return tuple(
            each
            for each in self.manifests
            if not self.is_ahead(each) and not any(map(self.fault, each.archive.objects))
        )

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The manifests that could not be read, in the order of their keys."""
        found = {each.key: each for each in self.facts.manifests if isinstance(each, Unreadable)}
        return tuple(found[key] for key in sorted(found))

    @cached_property
    def unreadable_reports(self) -> tuple[Unreadable, ...]:
        """The drill reports that could not be read."""
        return tuple(each for each in self.facts.drills if isinstance(each, Unreadable))

    @cached_property
    def reports(self) -> tuple[DrillReport, ...]:
        """The drills whose reports could be read, the newest first; none from the future."""
        read = {each.key: each for each in self.facts.drills if isinstance(each, DrillReport)}
        past = [each for each in read.values() if not is_ahead(each.started, self.now)]
        return tuple(sorted(past, key=lambda each: each.started, reverse=True))

    def is_ahead(self, manifest: Manifest) -> bool:
        """Whether the backup claims to be from the future, or did when it was written.

        Its time comes, and nobody should take it for the newest one then.
        """
        claimed = max(manifest.slot, manifest.source.snapshot_time)
        return is_ahead(claimed, self.written(manifest.location))

    def fault(self, claim: StoredObject) -> Fault | None:
        """Why what lies in the bucket is not what a manifest names; None when it is.

        The listing gives no checksums, so what is compared is the version, by which S3 knows the
        very bytes that were acknowledged, and the size.
        """
        latest = next(iter(self.versions.get(claim.key, ())), None)
        if latest is None or not latest.latest:
            return Fault.MISSING
        if latest.deleted:
            return Fault.DELETED
        if claim.version_id not in (None, latest.version_id):
            return Fault.REPLACED
        return Fault.RESIZED if claim.bytes != latest.bytes else None

    def original(self, claim: StoredObject) -> StoredVersion | None:
        """The version that a manifest names, if the bucket still has it, latest or not."""
        return next(
            (
                version
                for version in self.versions.get(claim.key, ())
                if not version.deleted
                and version.version_id == claim.version_id
                and version.bytes == claim.bytes
            ),
            None,
        )

    def past_end(self, location: BackupLocation) -> timedelta | None:
        """How long ago S3 might delete a backup, by the settings as they are now.

        Negative while it has to stay; None for what is kept forever.
        """
        days = self.settings.retention.of(location.tier).days
        return None if days is None else self.now - location.slot - timedelta(days=days)

    def pairs(self) -> Iterator[tuple[Manifest, Manifest]]:
        """Each whole backup with the one before it, the newest first."""
        return zip(self.whole, self.whole[1:], strict=False)


def _newness(version: StoredVersion) -> tuple[bool, datetime, str, int]:
    return version.latest, version.modified, version.version_id or "", version.bytes


def _moment(manifest: Manifest) -> tuple[datetime, str]:
    return manifest.source.snapshot_time, manifest.key
