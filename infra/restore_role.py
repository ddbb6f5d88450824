"""What the restore function may do."""

from collections.abc import Iterator

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.backup_bucket import BackupBucket
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
from lifeboat.model.keys import DRILLS, EXPORTS, RESTORES
from lifeboat.model.tiers import Tier
from lifeboat.settings import Settings
from lifeboat.settings.lifecycle import REPORT_DAYS

_BACKUPS = tuple(f"{tier}/" for tier in Tier)
_REPORTS = (f"{DRILLS}/", f"{RESTORES}/")


class RestoreRole(FunctionRole):
    """A role that can read every backup and reach every database: only a person may use it.

    It records its jobs, since nobody waits for their answers.

    It cannot write, change, unlock or delete a backup. What it may do in a database is what the
    role in the secret may do there.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        shared: where the backups are, and the topic for failures.
        log: where the function logs to.
        project: the CodeBuild project of its jobs; None if it has none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        shared: SharedResources,
        log: Log,
        project: str | None,
    ) -> None:
        stack = Stack.of(scope)
        restore = settings.restore
        secrets = [each.secret_arn for each in settings.databases]
        of_jobs = [each.name for each in settings.databases if each.has_jobs]
        keys = [each.secret_key_arn for each in settings.databases if each.secret_key_arn]
        super().__init__(
            scope,
            construct_id,
            shared=shared,
            log=log,
            project=project,
            statements=[
                *_use_backups(shared.bucket),
                *lock_reports(
                    "LockReports",
                    shared.bucket,
                    settings.object_lock,
                    [f"{RESTORES}/*"],
                    REPORT_DAYS,
                ),
                *read_secrets(
                    "TargetSecrets",
                    dict.fromkeys([*secrets, *restore.target_secret_arns]),
                    dict.fromkeys([*keys, *restore.target_secret_key_arns]),
                    stack,
                ),
                *(record_attempts(shared.bucket, AttemptKind.RESTORE, *of_jobs) if of_jobs else ()),
                *use_bucket_key(shared.bucket, stack, actions=WRITE),
            ],
            wildcard_reasons=dict(_wildcard_reasons())
            | (claim_reasons(AttemptKind.RESTORE) if of_jobs else {}),
        )


def _use_backups(bucket: BackupBucket) -> Iterator[iam.PolicyStatement]:
    yield list_prefixes("ListBackupsAndReports", bucket, [*_BACKUPS, *_REPORTS])
    yield on_objects(
        "ReadBackupsAndReports",
        bucket,
        # By version, too: a manifest names the version of its archive.
        actions=["s3:GetObject", "s3:GetObjectVersion"],
        keys=[f"{prefix}*" for prefix in (*_BACKUPS, *_REPORTS)],
    )
    yield on_objects(
        "ThawBackups",
        bucket,
        actions=["s3:RestoreObject"],
        keys=[f"{prefix}*" for prefix in _BACKUPS],
    )
    yield on_objects("PutReports", bucket, actions=["s3:PutObject"], keys=[f"{RESTORES}/*"])
    yield on_objects(
        "PutAndSignExports",
        bucket,
        # Whoever follows a link reads with the rights of the role that signed it.
        actions=["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"],
        keys=[f"{EXPORTS}/*"],
    )


def _wildcard_reasons() -> Iterator[tuple[str, str]]:
    for prefix in _BACKUPS:
        yield (
            f"{prefix}*",
            "A restore may need any backup of any database; the role may only read there",
        )
    for prefix in _REPORTS:
        yield (
            f"{prefix}*",
            "Reports are named after the start of their run, which is not known beforehand",
        )
    yield (
        f"{EXPORTS}/*",
        "Exports are named after the start of their run, which is not known beforehand",
    )
