"""The bucket in which backups are kept."""

from collections.abc import Iterator, Sequence
from typing import cast

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lifeboat.model.keys import DRILLS, EXPORTS, MANIFEST, NOTIFIED, RESTORES
from lifeboat.model.tiers import Tier
from lifeboat.settings import Settings, TierRetention

REPORT_DAYS = 400
"""A report of a drill or a restore outlives the year for which monthly backups are kept."""

CLAIM_DAYS = 1
"""A claim is for one hour; S3 counts in days."""

LARGEST_HOT_BYTES = 4 * 1024 * 1024
"""What is no larger stays where a restore can read it at once. S3's own limit is 128 KB; the
manifest of a database with thousands of tables is larger, and listing and judging backups must
never need a thaw. Small archives stay as well, for less than a move would cost."""

NONCURRENT_DAYS_LOCKED = 1
"""With Object Lock, what must live is held by its lock, so nothing else has to wait."""

NONCURRENT_DAYS_UNLOCKED = 7
"""Without Object Lock this is the only time left to undo a deletion or an overwrite: a week."""

_STAYS = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


class Vault(Construct):
    """A bucket that nobody outside of the account can reach and that outlives the stack.

    Retention is done by its lifecycle rules alone, one for each tier's prefix.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key.from_key_arn(self, "Key", settings.kms_key) if settings.kms_key else None
        self.former_keys = settings.former_encryption_keys
        """Keys that some of its objects are still encrypted with."""
        rules = [*_tier_rules(settings), *_other_rules(settings), _sweep_rule(settings)]
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            # No default retention: each object is put with its own, which depends on its tier.
            object_lock_enabled=settings.object_lock != "off",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.KMS if self.key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self.key,
            bucket_key_enabled=True if self.key else None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            # It stays, but for a first deployment that fails, which must not leave one each time.
            removal_policy=_STAYS,
            lifecycle_rules=rules,
        )
        if policy := self.bucket.policy:
            policy.apply_removal_policy(_STAYS)  # what it forbids stays forbidden
        _sizes_as_text(self.bucket, rules)
        _events_of(self.bucket)
        self.bucket.add_to_resource_policy(_written_once(self.bucket))
        Validations.of(self.bucket).acknowledge(
            Acknowledgment(
                id="AwsSolutions-S1",
                reason=(
                    "Server access logs need a second bucket with the same care, and an Object "
                    "Lock bucket cannot hold its own. Who wrote what is in the functions' logs; "
                    "who touched the bucket otherwise is a matter of CloudTrail data events, "
                    "which belong to the account."
                ),
            )
        )


def _written_once(bucket: s3.Bucket) -> iam.PolicyStatement:
    """Nobody puts a second version of a manifest or a report over the first one.

    A write has to say `If-None-Match: *`, and S3 refuses that where the key exists. It binds every
    role, also one that somebody has taken over. The start of a multipart upload and its parts
    can't say so and make no object; the request that completes it can.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return iam.PolicyStatement(
        sid="WriteManifestsAndReportsOnce",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[
            bucket.arn_for_objects(keys)
            for keys in (f"*/{MANIFEST}", f"{DRILLS}/*", f"{RESTORES}/*")
        ],
        conditions={
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    )


def _tier_rules(settings: Settings) -> list[s3.LifecycleRule]:
    tiers = [(tier, settings.retention.of(tier)) for tier in Tier]
    return [rule for tier, kept in tiers for rule in _tier_rule(tier, kept)]


def _tier_rule(tier: Tier, kept: TierRetention) -> Iterator[s3.LifecycleRule]:
    """A rule that moves the tier's archives and one that ends everything in it, where it ends."""
    if kept.storage_class != "STANDARD":
        yield s3.LifecycleRule(
            id=f"{tier}-archives",
            prefix=f"{tier}/",
            object_size_greater_than=LARGEST_HOT_BYTES,
            transitions=[
                s3.Transition(
                    storage_class=s3.StorageClass(kept.storage_class),
                    transition_after=Duration.days(kept.hot_days),
                )
            ],
        )
    if kept.days is not None:
        yield s3.LifecycleRule(
            id=tier.value, prefix=f"{tier}/", expiration=Duration.days(kept.days)
        )


def _sizes_as_text(bucket: s3.Bucket, rules: Sequence[s3.LifecycleRule]) -> None:
    """CloudFormation's schema has sizes as text, where the CDK's own construct writes a number."""
    template = cast("s3.CfnBucket", bucket.node.default_child)
    for number, rule in enumerate(rules):
        if rule.object_size_greater_than is not None:
            path = f"LifecycleConfiguration.Rules.{number}.ObjectSizeGreaterThan"
            template.add_property_override(path, str(int(rule.object_size_greater_than)))


def _events_of(bucket: s3.Bucket) -> None:
    """Let EventBridge hear of the bucket; the CDK's own way needs a function that may change it."""
    template = cast("s3.CfnBucket", bucket.node.default_child)
    template.add_property_override(
        "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
        True,  # noqa: FBT003  # a value, not a flag
    )


def _other_rules(settings: Settings) -> Iterator[s3.LifecycleRule]:
    """Reports stay as long as anybody asks; an export is data of the database, so it goes soon."""
    for prefix, days in (
        (DRILLS, REPORT_DAYS),
        (RESTORES, REPORT_DAYS),
        (EXPORTS, settings.restore.export_days),
        (NOTIFIED, CLAIM_DAYS),
    ):
        yield s3.LifecycleRule(id=prefix, prefix=f"{prefix}/", expiration=Duration.days(days))


def _sweep_rule(settings: Settings) -> s3.LifecycleRule:
    """What S3 keeps of things that are no longer there: for every prefix, known or not."""
    locked = settings.object_lock != "off"
    return s3.LifecycleRule(
        id="sweep",
        noncurrent_version_expiration=Duration.days(
            NONCURRENT_DAYS_LOCKED if locked else NONCURRENT_DAYS_UNLOCKED
        ),
        expired_object_delete_marker=True,
        # A run lasts 15 minutes at most, so an upload that is a day old has lost its process.
        abort_incomplete_multipart_upload_after=Duration.days(1),
    )
