"""What the drill function of one database may do."""

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
    lock_reports,
    on_objects,
    read_secrets,
    record_attempts,
    use_bucket_key,
)
from infra.shared_resources import Log, SharedResources
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.keys import DRILLS, database_prefix
from lifeboat.model.tiers import Tier
from lifeboat.settings import DatabaseSettings, Settings
from lifeboat.settings.lifecycle import REPORT_DAYS


class DrillRole(FunctionRole):
    """A role that can read the backups of one database and add reports about them.

    It cannot write, change or delete a backup, read another database's, or see any secret but
    those of `drill.target_secret_arns`, which are never a source's, and that of its branch.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: whose first and only database the role is for.
        shared: where the backups are, and the topic for failures.
        log: where the function logs to.
        project: the CodeBuild project of its jobs; None if it has none.
        branches: how it gets a branch to restore into; None if it gets none.
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
        database, drill = settings.databases[0], settings.drill
        stack = Stack.of(scope)
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            project=project,
            statements=[
                *_read_backups(database, shared.bucket),
                *lock_reports(
                    "LockReports",
                    shared.bucket,
                    settings.object_lock,
                    [f"{_reports(database)}*"],
                    REPORT_DAYS,
                ),
                *read_secrets(
                    "TargetSecrets", drill.target_secret_arns, drill.target_secret_key_arns, stack
                ),
                *(use_branches(branches, stack) if branches else ()),
                *record_attempts(shared.bucket, AttemptKind.DRILL, database.name),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons=dict(_wildcard_reasons(database)) | claim_reasons(AttemptKind.DRILL),
        )


def _backups(database: DatabaseSettings) -> list[str]:
    return [database_prefix(tier, database.name) for tier in Tier]


def _reports(database: DatabaseSettings) -> str:
    return f"{DRILLS}/{database.name}/"


def _read_backups(
    database: DatabaseSettings, bucket: BackupBucket
) -> Iterator[iam.PolicyStatement]:
    prefixes = [*_backups(database), _reports(database)]
    yield list_prefixes("ListBackups", bucket, prefixes)
    yield on_objects(
        "ReadBackups",
        bucket,
        # By version, too: a manifest names the version of its archive.
        actions=["s3:GetObject", "s3:GetObjectVersion"],
        keys=[f"{prefix}*" for prefix in prefixes],
    )
    yield on_objects(
        "PutReports", bucket, actions=["s3:PutObject"], keys=[f"{_reports(database)}*"]
    )


_TRY_ANY = (
    "A drill may restore any backup of its database, and their keys continue with the starts of "
    "runs, which are not known beforehand; the role may only read there"
)
_REPORT = "Reports are named after the start of their drill, which is not known beforehand"


def _wildcard_reasons(database: DatabaseSettings) -> Iterator[tuple[str, str]]:
    for prefix in _backups(database):
        yield f"{prefix}*", _TRY_ANY
    yield f"{_reports(database)}*", _REPORT
