"""The objects of one database as a listing shows them, and whether they are what manifests name."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import StoredObject
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.facts import StoredVersion, published


class Fault(Enum):
    """Why an object in the bucket is not the one that a manifest names."""

    MISSING = "is not there"
    DELETED = "is hidden by a delete marker"
    REPLACED = "was overwritten by another version"
    RESIZED = "has another size"


@dataclass(frozen=True)
class Versions:
    """The versions of a database's objects.

    Attributes:
        objects: as they were listed.
        now: when.
    """

    objects: tuple[StoredVersion, ...]
    now: datetime

    @cached_property
    def by_key(self) -> dict[str, list[StoredVersion]]:
        """The versions of each key, the latest first."""
        found: defaultdict[str, list[StoredVersion]] = defaultdict(list)
        for version in self.objects:
            found[version.key].append(version)
        return {key: sorted(each, key=_newness, reverse=True) for key, each in found.items()}

    @cached_property
    def published(self) -> dict[BackupLocation, datetime]:
        """Every backup that has a manifest, and when that was written; the newest slot first."""
        return published(self.objects)

    def written(self, location: BackupLocation) -> datetime:
        """When a backup's manifest was written, as far as that is known to lie in the past."""
        return min(self.published.get(location, self.now), self.now)

    def is_early(self, location: BackupLocation) -> bool:
        """Whether a backup claims a slot later than now, or than when it was written."""
        return is_ahead(location.scheduled_at, self.written(location))

    def is_ahead(self, backup: BackupFacts) -> bool:
        """Whether a backup claims to be from the future, or did when it was written.

        Its time comes, and nobody should take it for the newest one then.
        """
        claimed = max(backup.location.scheduled_at, backup.shows)
        return is_ahead(claimed, self.written(backup.location))

    def is_whole(self, backup: BackupFacts) -> bool:
        """Whether it can be relied on: not from the future, and with the very archive."""
        return not self.is_ahead(backup) and not any(map(self.fault, backup.archive))

    def fault(self, claim: StoredObject) -> Fault | None:
        """Why what lies in the bucket is not what a manifest names; None when it is.

        The listing gives no checksums, so what is compared is the version, by which S3 knows the
        very bytes that were acknowledged, and the size.
        """
        latest = next(iter(self.by_key.get(claim.key, ())), None)
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
                for version in self.by_key.get(claim.key, ())
                if not version.deleted
                and version.version_id == claim.version_id
                and version.bytes == claim.bytes
            ),
            None,
        )


def _newness(version: StoredVersion) -> tuple[bool, datetime, str, int]:
    return version.latest, version.modified, version.version_id or "", version.bytes
