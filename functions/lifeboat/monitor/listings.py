"""Lists the bucket: every version, every prefix, every unfinished upload."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lifeboat.model.keys import (
    ATTEMPTS,
    DRILLS,
    EVIDENCE,
    EXPORTS,
    PROVIDERS,
    RESTORES,
    STATE_KEY,
    STATUS_PAGE_KEY,
    TOOLS,
)
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import in_utc
from lifeboat.monitor.policy.facts import StoredVersion, UnfinishedUpload
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectVersionTypeDef

KNOWN_ROOTS = frozenset(
    {
        *Tier,
        DRILLS,
        RESTORES,
        EXPORTS,
        ATTEMPTS,
        EVIDENCE,
        PROVIDERS,
        TOOLS,
        STATE_KEY.partition("/")[0],
    }
)
"""The first parts of Lifeboat's keys with a slash."""

_NO_VERSION = "null"
"""S3's version id of an object that was written without versioning."""


def list_versions(bucket: BackupBucket, prefix: str, budget: RequestBudget) -> list[StoredVersion]:
    """Every version and delete marker under a prefix; one request per thousand.

    Raises:
        StorageError: S3 refused or failed, or the budget is used up.
    """
    found: list[StoredVersion] = []
    after: dict[str, str] = {}
    while True:
        with budget.request(f"list s3://{bucket.name}/{prefix}"):
            page = bucket.client.list_object_versions(
                Bucket=bucket.name,
                Prefix=prefix,
                **after,  # type: ignore[arg-type]
            )
        found += map(_version, page.get("Versions", ()))
        found += map(_marker, page.get("DeleteMarkers", ()))
        if not page["IsTruncated"]:
            return found
        after = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }


def list_uploads(bucket: BackupBucket, budget: RequestBudget) -> tuple[UnfinishedUpload, ...]:
    """Every multipart upload that was started and neither completed nor aborted.

    Raises:
        StorageError: S3 refused or failed, or the budget is used up.
    """
    found: list[UnfinishedUpload] = []
    after: dict[str, str] = {}
    while True:
        with budget.request(f"list the unfinished uploads of s3://{bucket.name}"):
            page = bucket.client.list_multipart_uploads(
                Bucket=bucket.name,
                **after,  # type: ignore[arg-type]
            )
        found += (
            UnfinishedUpload(key=each["Key"], initiated=in_utc(each["Initiated"]))
            for each in page.get("Uploads", ())
        )
        if not page["IsTruncated"]:
            return tuple(found)
        after = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }


def list_unknown_roots(bucket: BackupBucket, budget: RequestBudget) -> list[str]:
    """The first parts of keys, up to the first slash, that are not Lifeboat's.

    It makes one request, so it returns at most a thousand.

    Raises:
        StorageError: S3 refused or failed, or the budget is used up.
    """
    with budget.request(f"list s3://{bucket.name}/"):
        page = bucket.client.list_objects_v2(Bucket=bucket.name, Delimiter="/")
    roots = [each["Prefix"] for each in page.get("CommonPrefixes", ())]
    keys = [each["Key"] for each in page.get("Contents", ()) if each["Key"] != STATUS_PAGE_KEY]
    return [*keys, *(root for root in roots if root.removesuffix("/") not in KNOWN_ROOTS)]


def unmanaged_prefixes_among(versions: Iterable[StoredVersion], databases: set[str]) -> set[str]:
    """The prefixes `<tier>/<name>/` of objects of no database; or the key if it has none."""
    return set(_unmanaged_prefixes(versions, databases))


def _unmanaged_prefixes(versions: Iterable[StoredVersion], databases: set[str]) -> Iterator[str]:
    for each in versions:
        if not each.is_current:
            continue
        first, _, rest = each.key.partition("/")
        name, slash, _ = rest.partition("/")
        if name not in databases or not slash:
            yield f"{first}/{name}{slash}"


def _version(entry: "ObjectVersionTypeDef") -> StoredVersion:
    return StoredVersion(
        key=entry["Key"],
        version_id=_id(entry["VersionId"]),
        bytes=entry["Size"],
        storage_class=entry.get("StorageClass", "STANDARD"),
        modified=in_utc(entry["LastModified"]),
        latest=entry["IsLatest"],
    )


def _marker(entry: "DeleteMarkerEntryTypeDef") -> StoredVersion:
    return StoredVersion(
        key=entry["Key"],
        version_id=_id(entry["VersionId"]),
        bytes=0,
        modified=in_utc(entry["LastModified"]),
        latest=entry["IsLatest"],
        deleted=True,
    )


def _id(version: str) -> str | None:
    return None if version == _NO_VERSION else version
