"""What lies in the vault, by listings alone: every version, every prefix, every open upload."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from lifeboat.model.keys import ATTEMPTS, DRILLS, EXPORTS, RESTORES, STATE_KEY
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import in_utc
from lifeboat.monitor.policy.facts import StoredVersion, UnfinishedUpload
from lifeboat.monitor.request_budget import Calls
from lifeboat.s3.bucket import Vault

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectVersionTypeDef

KNOWN = frozenset({*Tier, DRILLS, RESTORES, EXPORTS, ATTEMPTS, STATE_KEY.partition("/")[0]})
"""What a key of Lifeboat's begins with."""

_NO_VERSION = "null"
"""What S3 calls the version of an object that was written without versioning."""


def list_versions(vault: Vault, prefix: str, calls: Calls) -> list[StoredVersion]:
    """Every version and delete marker below a prefix; a request for each thousand of them.

    Raises:
        VaultReadError: S3 doesn't let us see all of them, or the budget is used up.
    """
    found: list[StoredVersion] = []
    after: dict[str, str] = {}
    while True:
        with calls.one(f"list s3://{vault.bucket}/{prefix}"):
            page = vault.client.list_object_versions(
                Bucket=vault.bucket,
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


def list_uploads(vault: Vault, calls: Calls) -> tuple[UnfinishedUpload, ...]:
    """Every multipart upload that was begun and neither completed nor aborted.

    Raises:
        VaultReadError: S3 doesn't let us see all of them, or the budget is used up.
    """
    found: list[UnfinishedUpload] = []
    after: dict[str, str] = {}
    while True:
        with calls.one(f"list the unfinished uploads of s3://{vault.bucket}"):
            page = vault.client.list_multipart_uploads(
                Bucket=vault.bucket,
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


def list_strange_roots(vault: Vault, calls: Calls) -> list[str]:
    """What keys begin with, up to the first slash, where none of Lifeboat's does.

    One request: of more than a thousand strange ones, who needs all?

    Raises:
        VaultReadError: S3 doesn't let us see.
    """
    with calls.one(f"list s3://{vault.bucket}/"):
        page = vault.client.list_objects_v2(Bucket=vault.bucket, Delimiter="/")
    roots = [each["Prefix"] for each in page.get("CommonPrefixes", ())]
    keys = [each["Key"] for each in page.get("Contents", ())]
    return [*keys, *(root for root in roots if root.removesuffix("/") not in KNOWN)]


def strangers_among(versions: Iterable[StoredVersion], databases: set[str]) -> set[str]:
    """The `<tier>/<name>/` of what belongs to none of the databases, or the key if it has none."""
    return set(_unmanaged_prefixes(versions, databases))


def _unmanaged_prefixes(versions: Iterable[StoredVersion], databases: set[str]) -> Iterator[str]:
    for each in versions:
        if not each.there:
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
