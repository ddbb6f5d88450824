"""What the function that restores by Neon may do."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.names import function_arn, function_name
from infra.neon_keys import read_neon_keys
from infra.role import (
    WRITE,
    FunctionRole,
    list_prefixes,
    lock_reports,
    on_objects,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.keys import database_prefix, neon_plan_key, neon_restores_prefix
from lifeboat.model.tiers import Tier
from lifeboat.settings import NeonDatabase, Settings
from lifeboat.settings.lifecycle import REPORT_DAYS


class NeonRestoreRole(FunctionRole):
    """A role that can read Neon's API keys and invoke the backups of these databases.

    It reads no backup and no other secret: it sees that a backup is there, and Neon's API tells it
    how to log in.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with the databases.
        shared: with the bucket, and the network if there is one.
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
        stack, databases = Stack.of(scope), settings.at_neon_restore().databases
        plans = [neon_plan_key(each.name) for each in databases]
        reports = [f"{neon_restores_prefix(each.name)}*" for each in databases]
        backups = [database_prefix(Tier.MANUAL, each.name) for each in databases]
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            statements=[
                *read_neon_keys((each.neon for each in databases), stack),
                _back_up(scope, databases, stack),
                list_prefixes("ListPlansAndBackups", shared.bucket, [*plans, *backups]),
                on_objects(
                    "WritePlans",
                    shared.bucket,
                    actions=["s3:PutObject", "s3:GetObject"],
                    keys=plans,
                ),
                on_objects("PutReports", shared.bucket, actions=["s3:PutObject"], keys=reports),
                *lock_reports(
                    "LockReports", shared.bucket, settings.object_lock, reports, REPORT_DAYS
                ),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons=dict.fromkeys(
                reports,
                "Reports are named after the time of their plan, which is not known beforehand",
            ),
        )


def _back_up(
    scope: Construct, databases: tuple[NeonDatabase, ...], stack: Stack
) -> iam.PolicyStatement:
    """Invoking the backups of these databases, which come before each restore."""
    return iam.PolicyStatement(
        sid="BackUpFirst",
        actions=["lambda:InvokeFunction"],
        resources=[
            function_arn(stack, function_name(scope, "backup", each.name)) for each in databases
        ],
    )
