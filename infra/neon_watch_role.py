"""What the function that asks Neon may do."""

from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.role import (
    WRITE,
    FunctionRole,
    list_prefixes,
    on_objects,
    read_secrets,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.keys import provider_key
from lifeboat.settings import NeonDatabase, Settings


class NeonWatchRole(FunctionRole):
    """A role that can read Neon's API keys, and write what Neon says. No other role reads a key.

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
                *_read_keys(databases, stack),
                on_objects("PutReports", shared.vault, actions=["s3:PutObject"], keys=reports),
                on_objects("ReadReports", shared.vault, actions=["s3:GetObject"], keys=reports),
                list_prefixes("ListReports", shared.vault, reports),
                *use_bucket_key(shared.vault, stack, actions=WRITE),
            ],
            wildcard_reasons={},
            notifies=False,
        )


def _read_keys(databases: tuple[NeonDatabase, ...], stack: Stack) -> Iterator[iam.PolicyStatement]:
    secrets = dict.fromkeys(each.neon.api_key_secret_arn for each in databases)
    keys = dict.fromkeys(
        key for each in databases if (key := each.neon.api_key_secret_key_arn) is not None
    )
    yield from read_secrets("NeonKeys", secrets, keys, stack)
