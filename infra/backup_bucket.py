"""The bucket in which backups are kept."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lifeboat.model.keys import DRILLS, EVIDENCE, MANIFEST, RESTORES
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.settings import Settings
from lifeboat.settings.lifecycle import lifecycle_rules

_STAYS = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE


class BackupBucket(Construct):
    """A bucket that nobody outside of the account can reach and that outlives the stack.

    Retention is done by its lifecycle rules alone, one for each tier's prefix.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key.from_key_arn(self, "Key", settings.kms_key) if settings.kms_key else None
        self.former_keys = settings.former_encryption_keys
        """Keys that some of its objects are still encrypted with."""
        rules = [_as_construct(rule) for rule in lifecycle_rules(settings.watched())]
        self.s3_bucket = s3.Bucket(
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
        if policy := self.s3_bucket.policy:
            policy.apply_removal_policy(_STAYS)  # what it forbids stays forbidden
        _sizes_as_text(self.s3_bucket, rules)
        _events_of(self.s3_bucket)
        self.s3_bucket.add_to_resource_policy(_written_once(self.s3_bucket))
        Validations.of(self.s3_bucket).acknowledge(
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
        sid="DenyOverwriteOfManifestsAndReports",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[
            bucket.arn_for_objects(keys)
            for keys in (f"*/{MANIFEST}", f"{DRILLS}/*", f"{RESTORES}/*", f"{EVIDENCE}/*")
        ],
        conditions={
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    )


def _as_construct(rule: LifecycleRule) -> s3.LifecycleRule:
    """The rule as the CDK has it."""
    return s3.LifecycleRule(
        id=rule.id,
        prefix=rule.prefix or None,
        object_size_greater_than=rule.larger_than,
        expiration=_days(rule.expire_days),
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass(storage_class), transition_after=Duration.days(days)
            )
            for days, storage_class in rule.transitions
        ]
        or None,
        noncurrent_version_expiration=_days(rule.noncurrent_days),
        expired_object_delete_marker=rule.expire_markers or None,
        abort_incomplete_multipart_upload_after=_days(rule.abort_days),
    )


def _days(days: int | None) -> Duration | None:
    return None if days is None else Duration.days(days)


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
