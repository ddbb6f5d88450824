"""What the monitor may do."""

from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.role import WRITE, FunctionRole, on_objects, read_secrets, use_the_vaults_key
from infra.site import Log, Site
from infra.vault import Vault
from lifeboat.model.keys import ATTEMPTS, DRILLS, MANIFEST, STATE_KEY
from lifeboat.model.tiers import Tier
from lifeboat.settings import AlertSettings

MANIFESTS = tuple(f"{tier}/*/{MANIFEST}" for tier in Tier)
REPORTS = f"{DRILLS}/*.json"
RUNS = f"{ATTEMPTS}/*.json"


class MonitorRole(FunctionRole):
    """A role that can see what lies in the vault, but not what is in it.

    It lists everything and reads manifests, drill reports and records of runs. Archives it cannot
    read: a listing of versions tells their size, class and version, and a version's bytes never
    change. It writes its own state and nothing else, and it knows no database's secret. It sees
    who is subscribed to the topic, as what is told there may be heard by nobody.

    Args:
        scope: parent construct.
        construct_id: its name there.
        alerts: with the secret of a webhook, where there is one.
        site: what it looks at, and where it tells.
        log: where the function logs to.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, alerts: AlertSettings, site: Site, log: Log
    ) -> None:
        stack = Stack.of(scope)
        webhook = [arn for arn in (alerts.webhook_url_secret_arn,) if arn]
        webhook_key = [arn for arn in (alerts.webhook_url_secret_key_arn,) if arn]
        super().__init__(
            scope,
            construct_id,
            site=site,
            log=log,
            statements=[
                *_look(site.vault),
                iam.PolicyStatement(
                    sid="SeeWhoListens",
                    actions=["sns:ListSubscriptionsByTopic"],
                    resources=[site.alerts.topic.topic_arn],
                ),
                on_objects("KeepItsState", site.vault, actions=["s3:PutObject"], keys=[STATE_KEY]),
                *read_secrets("ItsWebhook", webhook, webhook_key, stack),
                *use_the_vaults_key(site.vault, stack, actions=WRITE),
            ],
            arguments={
                **dict.fromkeys(
                    MANIFESTS, "It judges every backup of every database by its manifest"
                ),
                REPORTS: "It judges every drill of every database by its report",
                RUNS: "It tells of every database's last runs, as they recorded themselves",
            },
        )


def _look(vault: Vault) -> Iterator[iam.PolicyStatement]:
    """Everything about the bucket, and of its contents what is claimed about the rest.

    Which call needs which action is not always what its name suggests:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """
    yield iam.PolicyStatement(
        sid="LookAround",
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
        resources=[vault.bucket.bucket_arn],
    )
    yield on_objects(
        "ReadWhatIsClaimed",
        vault,
        actions=["s3:GetObject"],
        keys=[*MANIFESTS, REPORTS, RUNS, STATE_KEY],
    )
