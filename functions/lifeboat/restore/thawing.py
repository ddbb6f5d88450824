"""Archives that S3 keeps cold: how they lie, and how they are thawed."""

from botocore.exceptions import ClientError

from lifeboat.errors import StorageError
from lifeboat.model.aws import ThawTier
from lifeboat.model.manifest import StoredObject
from lifeboat.model.thaw import StorageState, storage_state
from lifeboat.s3.bucket import BackupBucket, code_of, translated
from lifeboat.s3.read import versioned

_AT_IT = "RestoreAlreadyInProgress"


def storage_state_of(bucket: BackupBucket, objects: tuple[StoredObject, ...]) -> StorageState:
    """How an archive lies: as the one of its objects that takes longest.

    Raises:
        StorageError: S3 doesn't let us see it; a deleted object is not there.
    """
    found = [_storage(bucket, stored) for stored in objects]
    return next((each for each in found if not each.is_readable), found[0])


def thaw(
    bucket: BackupBucket, objects: tuple[StoredObject, ...], *, tier: ThawTier, days: int
) -> bool:
    """Ask S3 to thaw what isn't readable; repeating is harmless.

    Returns:
        Whether anything was asked for; if not, all of it is readable or being thawed.

    Raises:
        StorageError: S3 refused.
    """
    asked = [_thaw(bucket, stored, tier, days) for stored in objects]
    return any(asked)


def _storage(bucket: BackupBucket, stored: StoredObject) -> StorageState:
    with translated(f"look at s3://{bucket.name}/{stored.key}"):
        head = bucket.client.head_object(
            Bucket=bucket.name, Key=stored.key, **versioned(stored.version_id)
        )
    return storage_state(head.get("StorageClass"), head.get("Restore"))


def _thaw(bucket: BackupBucket, stored: StoredObject, tier: ThawTier, days: int) -> bool:
    storage = _storage(bucket, stored)
    if storage.is_readable or storage.thawing:
        return False
    try:
        with translated(f"thaw s3://{bucket.name}/{stored.key}"):
            bucket.client.restore_object(
                Bucket=bucket.name,
                Key=stored.key,
                RestoreRequest={"Days": days, "GlacierJobParameters": {"Tier": tier}},
                **versioned(stored.version_id),
            )
    except StorageError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) == _AT_IT:
            return False  # another run was first
        raise
    return True
