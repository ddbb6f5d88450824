"""Reads the backup bucket: which backups are there, their manifests, their drills."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lifeboat.errors import ReportError
from lifeboat.model.aws import COLD
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import (
    ARCHIVE,
    DRILLS,
    MANIFEST,
    BackupLocation,
    database_prefix,
    parse_drill_key,
    parse_key,
)
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import is_ahead
from lifeboat.s3.bucket import BackupBucket, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.type_defs import ObjectTypeDef


@dataclass(frozen=True)
class BackupRef:
    """A published backup, as a listing shows it.

    Attributes:
        location: its identity.
        storage_class: of its archive; None if the archive is gone.
        written: when its manifest was written.
    """

    location: BackupLocation
    storage_class: str | None
    written: datetime

    @property
    def is_early(self) -> bool:
        """Whether it was written before its scheduled time; then it doesn't count as the newest."""
        return is_ahead(self.location.scheduled_at, self.written)

    @property
    def is_hot(self) -> bool:
        """Whether its archive, if it exists, can be read at once."""
        return self.storage_class not in COLD


def find_backups(bucket: BackupBucket, database: str) -> list[BackupRef]:
    """Every published backup of a database, the newest first.

    Raises:
        StorageError: S3 refused or failed.
    """
    classes: dict[BackupLocation, str] = {}
    published: dict[BackupLocation, datetime] = {}
    for tier in Tier:
        for entry in _listing(bucket, database_prefix(tier, database)):
            match parse_key(entry["Key"]):
                case (location, name) if name == MANIFEST:
                    published[location] = entry["LastModified"]
                case (location, name) if name == ARCHIVE:
                    classes[location] = entry.get("StorageClass", "STANDARD")
    newest_first = sorted(published, key=lambda location: location.scheduled_at, reverse=True)
    return [BackupRef(each, classes.get(each), published[each]) for each in newest_first]


def read_manifest(bucket: BackupBucket, location: BackupLocation) -> Manifest:
    """The manifest of a backup.

    Raises:
        StorageError: S3 refused or failed.
        ManifestError: it is damaged or newer than this Lifeboat.
    """
    return Manifest.from_json(read_object(bucket, location.manifest_key), key=location.manifest_key)


def newest_reports(bucket: BackupBucket, database: str, count: int) -> list[DrillReport]:
    """The last drill reports of a database, the newest first; none from the future.

    A report that is damaged or newer than this Lifeboat is left out: forecasts don't need it, and
    the monitor finds it.

    Raises:
        StorageError: S3 refused or failed.
    """
    keys = [
        entry["Key"]
        for entry in _listing(bucket, f"{DRILLS}/{database}/")
        if (parsed := parse_drill_key(entry["Key"]))
        and not is_ahead(parsed[1], entry["LastModified"])
    ]
    newest = sorted(keys, reverse=True)[:count]
    return [report for key in newest if (report := _report(bucket, key))]


def _report(bucket: BackupBucket, key: str) -> DrillReport | None:
    document = read_object(bucket, key)
    try:
        return DrillReport.from_json(document, key=key)
    except ReportError:
        return None


def read_object(bucket: BackupBucket, key: str, version: str | None = None) -> bytes:
    """All of a small object.

    Raises:
        StorageError: S3 refused or failed.
    """
    with translated(f"read s3://{bucket.name}/{key}"):
        return bucket.client.get_object(Bucket=bucket.name, Key=key, **versioned(version))[
            "Body"
        ].read()


def newest_version(bucket: BackupBucket, key: str) -> str | None:
    """The version that a request without a version gets; None in a bucket without versions.

    Raises:
        StorageError: S3 refused or failed, or the object is deleted.
    """
    with translated(f"look at s3://{bucket.name}/{key}"):
        return bucket.client.head_object(Bucket=bucket.name, Key=key).get("VersionId")


def _listing(bucket: BackupBucket, prefix: str) -> "Iterator[ObjectTypeDef]":
    pages = bucket.client.get_paginator("list_objects_v2")
    with translated(f"list s3://{bucket.name}/{prefix}"):
        for page in pages.paginate(Bucket=bucket.name, Prefix=prefix):
            yield from page.get("Contents", ())


def versioned(version: str | None) -> dict[str, Any]:
    """The request parameter for this version, if there is one."""
    return {"VersionId": version} if version else {}
