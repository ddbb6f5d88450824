"""A bucket with backups, made by hand: what the monitor looks at, without backup functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lifeboat.model.drill_report import DrillReport
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.manifest import Archive, Manifest, StoredObject
from tests.support.backup_harness import Bucket
from tests.support.seen_bucket import DAY, backup
from tests.support.slots import last_slot

ARCHIVE = b"PGDMP" + bytes(200)
GLOBALS = b"-- roles\n"


@dataclass
class BucketBuilder:
    """A bucket and what is put there."""

    bucket: Bucket

    def configure(self, rules: Iterable[LifecycleRule]) -> None:
        """Give the bucket the lifecycle, and what else the stack sets."""
        client, name = self.bucket.client, self.bucket.name
        client.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": [_rule(rule) for rule in rules]}
        )
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        client.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]}
        )
        client.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    def put(self, key: str, body: bytes) -> StoredObject:
        answer = self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=body)
        return StoredObject(
            key=key, version_id=answer["VersionId"], bytes=len(body), sha256="ab" * 32
        )

    def back_up(self, manifest: Manifest) -> Manifest:
        """Put a whole backup; gives its manifest with the versions that were written."""
        where = manifest.location
        archive = Archive(
            compression="zstd:1",
            pg_dump="17.6",
            objects=(self.put(where.archive_key, ARCHIVE),),
        )
        roles = self.put(where.globals_key, GLOBALS)
        written = manifest.model_copy(update={"archive": archive, "globals": roles})
        self.put(where.manifest_key, written.to_json())
        return written

    def back_up_daily(self, days: int, *, until: datetime | None = None) -> list[Manifest]:
        """A backup of each of the last days, the newest first."""
        newest = until or last_slot(datetime.now(UTC))
        return [self.back_up(backup(newest - number * DAY)) for number in range(days)]

    def report(self, drill: DrillReport) -> None:
        self.put(drill.key, drill.to_json())


def drilled(days_ago: int = 1) -> datetime:
    """The start of a drill some days ago."""
    return last_slot(datetime.now(UTC)) - days_ago * DAY + timedelta(hours=3)


def _rule(rule: LifecycleRule) -> dict[str, object]:
    """As the S3 API has it."""
    conditions: dict[str, object] = {"Prefix": rule.prefix}
    if rule.larger_than is not None:
        conditions["ObjectSizeGreaterThan"] = rule.larger_than
    parts: dict[str, object] = {
        "ID": rule.id,
        "Status": "Enabled" if rule.enabled else "Disabled",
        "Filter": {"And": conditions} if len(conditions) > 1 else conditions,
    }
    if rule.expire_days:
        parts["Expiration"] = {"Days": rule.expire_days}
    if rule.expire_markers:
        parts["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if rule.transitions:
        parts["Transitions"] = [{"Days": days, "StorageClass": to} for days, to in rule.transitions]
    if rule.noncurrent_days:
        parts["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule.noncurrent_days}
    if rule.abort_days:
        parts["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": rule.abort_days}
    return parts
