"""The listed objects of one database, and whether they are those that manifests name."""

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
        now: the time of the check.
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
        """Every backup with a manifest, and when that was written; the newest first."""
        return published(self.objects)

    def written(self, location: BackupLocation) -> datetime:
        """When a backup's manifest was written; never later than now."""
        return min(self.published.get(location, self.now), self.now)

    def is_early(self, location: BackupLocation) -> bool:
        """Whether a backup's scheduled time is later than now, or than when it was written."""
        return is_ahead(location.scheduled_at, self.written(location))

    def is_ahead(self, backup: BackupFacts) -> bool:
        """Whether a backup's times were in the future when it was written, or are now.

        Such a backup must not count as the newest one once its time has come.
        """
        latest = max(backup.location.scheduled_at, backup.data_as_of)
        return is_ahead(latest, self.written(backup.location))

    def is_complete(self, backup: BackupFacts) -> bool:
        """Whether it can be relied on: not from the future, and with its exact archive."""
        return not self.is_ahead(backup) and not any(map(self.fault, backup.archive))

    def fault(self, named: StoredObject) -> Fault | None:
        """Why the object in the bucket is not the one that a manifest names; None if it is.

        A listing has no checksums. So this compares the version, which identifies the exact bytes,
        and the size.
        """
        latest = next(iter(self.by_key.get(named.key, ())), None)
        if latest is None or not latest.latest:
            return Fault.MISSING
        if latest.deleted:
            return Fault.DELETED
        if named.version_id not in (None, latest.version_id):
            return Fault.REPLACED
        return Fault.RESIZED if named.bytes != latest.bytes else None

    def original(self, named: StoredObject) -> StoredVersion | None:
        """The version that a manifest names, if the bucket still has it, latest or not."""
        return next(
            (
                version
                for version in self.by_key.get(named.key, ())
                if not version.deleted
                and version.version_id == named.version_id
                and version.bytes == named.bytes
            ),
            None,
        )


def _newness(version: StoredVersion) -> tuple[bool, datetime, str, int]:
    return version.latest, version.modified, version.version_id or "", version.bytes
