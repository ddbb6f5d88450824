"""What the function that asks Neon may do."""

from aws_cdk import Stack
from constructs import Construct

from infra.neon_keys import read_neon_keys
from infra.role import (
    WRITE,
    FunctionRole,
    list_prefixes,
    on_objects,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.keys import provider_key
from lifeboat.settings import Settings


class NeonWatchRole(FunctionRole):
    """A role that can read Neon's API keys, and write what Neon says.

    It reads its own reports, to keep what was known when Neon doesn't answer. It reads no other
    secret and no backup, and it notifies nobody: the monitor does.

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
        stack, databases = Stack.of(scope), settings.at_providers().databases
        reports = [provider_key(each.name) for each in databases]
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            statements=[
                *read_neon_keys((each.neon for each in databases), stack),
                on_objects("PutReports", shared.bucket, actions=["s3:PutObject"], keys=reports),
                on_objects("ReadReports", shared.bucket, actions=["s3:GetObject"], keys=reports),
                list_prefixes("ListReports", shared.bucket, reports),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons={},
            notifies=False,
        )
