"""What the backup function of one database may do."""

from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.backup_bucket import BackupBucket
from infra.branch_access import BranchAccess, use_branches
from infra.role import (
    WRITE,
    FunctionRole,
    claim_reasons,
    list_prefixes,
    on_objects,
    read_secrets,
    record_attempts,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.keys import MANIFEST, database_prefix
from lifeboat.model.tiers import Tier
from lifeboat.settings import DatabaseSettings, Settings


class BackupRole(FunctionRole):
    """A role that can add backups of one database and do nothing else to the bucket.

    It cannot delete, read an archive, list other databases, read another secret or bypass
    Object Lock, so who takes over the function can neither destroy nor fetch a backup.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: whose first and only database the role is for.
        shared: where the backups go, and the topic for failures.
        log: where the function logs to.
        project: the CodeBuild project of its jobs; None if it has none.
        branches: how it gets a branch to read; None if it reads the database itself.
    """

    def __init__(  # noqa: PLR0913  # each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        shared: SharedResources,
        log: Log,
        project: str | None,
        branches: BranchAccess | None,
    ) -> None:
        database = settings.databases[0]
        stack = Stack.of(scope)
        keys = [database.secret_key_arn] if database.secret_key_arn else []
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            project=project,
            statements=[
                *read_secrets("DatabaseSecret", [database.secret_arn], keys, stack),
                *(use_branches(branches, stack) if branches else ()),
                *_put_backups(settings, database, shared.bucket),
                *record_attempts(shared.bucket, AttemptKind.BACKUP, database.name),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons=dict(_wildcard_reasons(database)) | claim_reasons(AttemptKind.BACKUP),
        )


def _prefixes(database: DatabaseSettings) -> list[str]:
    return [database_prefix(tier, database.name) for tier in Tier]


def _put_backups(
    settings: Settings, database: DatabaseSettings, bucket: BackupBucket
) -> Iterator[iam.PolicyStatement]:
    prefixes = _prefixes(database)
    put = ["s3:PutObject", "s3:AbortMultipartUpload"]
    yield on_objects("PutBackups", bucket, actions=put, keys=[f"{each}*" for each in prefixes])
    yield from _lock_backups(settings, database, bucket)
    yield on_objects(
        "ReadManifests",
        bucket,
        actions=["s3:GetObject"],
        keys=[f"{each}*/{MANIFEST}" for each in prefixes],
    )
    yield list_prefixes("ListBackups", bucket, prefixes)


def _lock_backups(
    settings: Settings, database: DatabaseSettings, bucket: BackupBucket
) -> Iterator[iam.PolicyStatement]:
    """Locks of the settings' own mode, and no longer than a backup of the tier gets.

    A lock in compliance mode for a hundred years, which S3 would take, could be undone by nobody.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    for tier in Tier:
        days = settings.lock_days(tier)
        if days is None:
            continue
        lock = on_objects(
            f"Lock{tier.capitalize()}Backups",
            bucket,
            actions=["s3:PutObjectRetention"],
            keys=[f"{database_prefix(tier, database.name)}*"],
        )
        lock.add_condition("StringEquals", {"s3:object-lock-mode": settings.object_lock.upper()})
        lock.add_condition(
            "NumericLessThanEquals", {"s3:object-lock-remaining-retention-days": str(days)}
        )
        yield lock


_PUT = (
    "Keys begin with tier and database and continue with the start of the run, which is not known "
    "beforehand; the role may only add objects there, not remove or read them"
)
_RECOGNISE = (
    "A second delivery of a schedule is recognised by the first one's manifest, whichever run that "
    "was; the role cannot read archives"
)


def _wildcard_reasons(database: DatabaseSettings) -> Iterator[tuple[str, str]]:
    for prefix in _prefixes(database):
        yield f"{prefix}*", _PUT
        yield f"{prefix}*/{MANIFEST}", _RECOGNISE
