"""The lock of what is evidence: reports of drills and restores, and monthly evidence."""

from datetime import datetime, timedelta

from lifeboat.s3.bucket import Protection


def locked_for(kms_key: str | None, object_lock: str, start: datetime, days: int) -> Protection:
    """The encryption and the lock of a report, which ends when the lifecycle rule deletes it.

    Args:
        kms_key: the KMS key's ARN; None for S3's own keys.
        object_lock: the setting: "governance", "compliance" or "off".
        start: of the run, a whole second.
        days: how long the report is kept.
    """
    if object_lock == "off":
        return Protection(kms_key=kms_key)
    return Protection(
        kms_key=kms_key,
        lock_mode=object_lock.upper(),
        locked_until=start.replace(microsecond=0) + timedelta(days=days),
    )
