"""Reads the bucket's configuration from S3."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lifeboat.errors import LifeboatError
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.monitor.policy.facts import (
    BucketFacts,
    DefaultEncryption,
    PublicAccessBlock,
    Unknown,
)
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import LifecycleRuleOutputTypeDef

_FILTERS_KNOWN = {"Prefix", "ObjectSizeGreaterThan"}


def bucket_facts(bucket: BackupBucket, budget: RequestBudget) -> BucketFacts:
    """Read it with five requests; a part that S3 refuses to show is `Unknown`, with the reason."""
    asked = _Questions(bucket, budget)
    return BucketFacts(
        lifecycle=asked.ask("lifecycle", asked.lifecycle, {"NoSuchLifecycleConfiguration": ()}),
        versioning=asked.ask("versioning", asked.versioning, {}),
        object_lock=asked.ask(
            "Object Lock", asked.object_lock, {"ObjectLockConfigurationNotFoundError": False}
        ),
        encryption=asked.ask(
            "encryption",
            asked.encryption,
            {"ServerSideEncryptionConfigurationNotFoundError": None},
        ),
        public_access=asked.ask(
            "public access block",
            asked.public_access,
            {"NoSuchPublicAccessBlockConfiguration": PublicAccessBlock()},
        ),
    )


@dataclass(frozen=True)
class _Questions:
    bucket: BackupBucket
    budget: RequestBudget

    def ask[T](self, what: str, question: Callable[[], T], absent: dict[str, T]) -> T | Unknown:
        """The answer; a value of `absent` if S3's error code means that nothing is configured."""
        try:
            with self.budget.request(f"read the {what} of s3://{self.bucket.name}"):
                try:
                    return question()
                except ClientError as error:
                    code = code_of(error)
                    if code in absent:
                        return absent[code]
                    raise
        except LifeboatError as error:
            return Unknown.of(error)

    def lifecycle(self) -> tuple[LifecycleRule, ...]:
        answer = self.bucket.client.get_bucket_lifecycle_configuration(Bucket=self.bucket.name)
        return tuple(_rule(rule) for rule in answer.get("Rules", ()))

    def versioning(self) -> bool:
        answer = self.bucket.client.get_bucket_versioning(Bucket=self.bucket.name)
        return answer.get("Status") == "Enabled"

    def object_lock(self) -> bool:
        answer = self.bucket.client.get_object_lock_configuration(Bucket=self.bucket.name)
        return answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"

    def encryption(self) -> DefaultEncryption | None:
        answer = self.bucket.client.get_bucket_encryption(Bucket=self.bucket.name)
        for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
            if default := rule.get("ApplyServerSideEncryptionByDefault"):
                return DefaultEncryption(
                    algorithm=default["SSEAlgorithm"], key=default.get("KMSMasterKeyID")
                )
        return None

    def public_access(self) -> PublicAccessBlock:
        answer = self.bucket.client.get_public_access_block(Bucket=self.bucket.name)
        switches = answer["PublicAccessBlockConfiguration"]
        return PublicAccessBlock(
            block_public_acls=switches.get("BlockPublicAcls", False),
            ignore_public_acls=switches.get("IgnorePublicAcls", False),
            block_public_policy=switches.get("BlockPublicPolicy", False),
            restrict_public_buckets=switches.get("RestrictPublicBuckets", False),
        )


def _rule(rule: "LifecycleRuleOutputTypeDef") -> LifecycleRule:
    """Convert a rule; several conditions are wrapped in `And`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRuleFilter.html
    """
    where = rule.get("Filter", {})
    filters = {**where, **where.get("And", {})}
    filters.pop("And", None)
    larger_than = filters.get("ObjectSizeGreaterThan")
    expiration = rule.get("Expiration", {})
    return LifecycleRule(
        id=rule.get("ID", ""),
        enabled=rule["Status"] == "Enabled",
        prefix=str(filters.get("Prefix", rule.get("Prefix", ""))),
        larger_than=larger_than if isinstance(larger_than, int) else None,
        narrowed=bool(filters.keys() - _FILTERS_KNOWN),
        expire_days=expiration.get("Days"),
        transitions=tuple(
            (move.get("Days", 0), move["StorageClass"]) for move in rule.get("Transitions", ())
        ),
        expire_markers=expiration.get("ExpiredObjectDeleteMarker", False),
        noncurrent_days=rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"),
        abort_days=rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation"),
    )
