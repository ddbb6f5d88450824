"""What the monitor may do."""

from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.backup_bucket import BackupBucket
from infra.names import project_names
from infra.role import (
    WRITE,
    FunctionRole,
    lock_reports,
    on_objects,
    project_arn,
    read_secrets,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.keys import (
    ATTEMPTS,
    DRILLS,
    EVIDENCE,
    EVIDENCE_RECORD_KEY,
    MANIFEST,
    SILENCES_KEY,
    STATE_KEY,
    STATUS_PAGE_KEY,
    provider_key,
)
from lifeboat.model.tiers import Tier
from lifeboat.settings import Settings
from lifeboat.settings.lifecycle import EVIDENCE_DAYS

MANIFESTS = tuple(f"{tier}/*/{MANIFEST}" for tier in Tier)
REPORTS = f"{DRILLS}/*.json"
RUNS = f"{ATTEMPTS}/*.json"
WRITTEN = (STATE_KEY, SILENCES_KEY, EVIDENCE_RECORD_KEY, STATUS_PAGE_KEY)
_MONTHS = f"{EVIDENCE}/*"


class MonitorRole(FunctionRole):
    """A role that can list the bucket, but cannot read an archive.

    It lists everything and reads manifests, drill reports, records of runs, and what providers say
    about databases. It cannot read archives: a listing of versions gives their size, class and
    version, and a version's bytes never change. It writes its own state, what people mute, evidence
    and the status page, and nothing else. It cannot read a database's secret, or a provider's key.
    It lists the topic's subscriptions, since a
    notification without a subscriber reaches nobody. It asks CodeBuild what became of jobs.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with the databases, and the secrets of a webhook and a heartbeat, if any.
        shared: with the bucket and the topic.
        log: where the function logs to.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        shared: SharedResources,
        log: Log,
    ) -> None:
        stack, alerts = Stack.of(scope), settings.alerts
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            statements=[
                *_read_bucket(shared.bucket),
                *_read_provider_reports(shared.bucket, settings),
                iam.PolicyStatement(
                    sid="ListTopicSubscriptions",
                    actions=["sns:ListSubscriptionsByTopic"],
                    resources=[shared.alerts.topic.topic_arn],
                ),
                on_objects(
                    "WriteStateAndStatusPage",
                    shared.bucket,
                    actions=["s3:PutObject"],
                    keys=WRITTEN,
                ),
                on_objects("PutEvidence", shared.bucket, actions=["s3:PutObject"], keys=[_MONTHS]),
                *lock_reports(
                    "LockEvidence", shared.bucket, settings.object_lock, [_MONTHS], EVIDENCE_DAYS
                ),
                *_read_url(
                    "WebhookSecret",
                    alerts.webhook_url_secret_arn,
                    alerts.webhook_url_secret_key_arn,
                    stack,
                ),
                *_read_url(
                    "HeartbeatSecret",
                    alerts.heartbeat_url_secret_arn,
                    alerts.heartbeat_url_secret_key_arn,
                    stack,
                ),
                *_look_at_jobs(stack, project_names(scope, settings)),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons={
                **dict.fromkeys(
                    MANIFESTS, "It checks every backup of every database by its manifest"
                ),
                REPORTS: "It checks every drill of every database by its report",
                RUNS: "It checks the last runs of every database, which record themselves",
                _MONTHS: "It writes a document each month, and reads those of earlier months",
            },
        )


def _read_url(
    sid: str, secret: str | None, key: str | None, stack: Stack
) -> Iterator[iam.PolicyStatement]:
    """Reading the secret with a URL, where there is one."""
    return read_secrets(sid, [secret] if secret else [], [key] if key else [], stack)


def _read_provider_reports(
    bucket: BackupBucket, settings: Settings
) -> Iterator[iam.PolicyStatement]:
    """Reading what is said about the databases whose provider is asked, and about no others."""
    keys = [provider_key(each.name) for each in settings.databases if each.neon]
    if keys:
        yield on_objects("ReadProviderReports", bucket, actions=["s3:GetObject"], keys=keys)


def _look_at_jobs(stack: Stack, projects: list[str]) -> Iterator[iam.PolicyStatement]:
    """Asking what became of the builds of these projects."""
    if projects:
        yield iam.PolicyStatement(
            sid="LookAtJobs",
            actions=["codebuild:BatchGetBuilds"],
            resources=[project_arn(stack, each) for each in projects],
        )


def _read_bucket(bucket: BackupBucket) -> Iterator[iam.PolicyStatement]:
    """The bucket's configuration and listings, and of its objects only manifests and reports.

    Which call needs which action is not always what its name suggests:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """
    yield iam.PolicyStatement(
        sid="DescribeBucket",
        actions=[
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:ListBucketMultipartUploads",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
        ],
        resources=[bucket.s3_bucket.bucket_arn],
    )
    yield on_objects(
        "ReadManifestsAndReports",
        bucket,
        actions=["s3:GetObject"],
        keys=[*MANIFESTS, REPORTS, RUNS, _MONTHS, *WRITTEN],
    )
