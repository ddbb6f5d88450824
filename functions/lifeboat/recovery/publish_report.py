"""Stores the report of a drill or a restore, once: the bucket refuses a second version."""

from lifeboat.errors import AlreadyTakenError, StorageError
from lifeboat.s3.bucket import BackupBucket, Protection
from lifeboat.s3.read import read_object


def publish_report(
    bucket: BackupBucket, key: str, body: bytes, protection: Protection, *, content_type: str
) -> None:
    """Store a report or its HTML page. An existing one is never replaced.

    Args:
        bucket: with the backups.
        key: of the report; it contains the second in which the run started.
        body: all of it.
        protection: its encryption.
        content_type: for browsers.

    Raises:
        StorageError: S3 refused or failed, another report has this key, or it can't be read.
    """
    try:
        bucket.put(key, body, protection, if_absent=True, content_type=content_type)
    except AlreadyTakenError:
        # The SDK repeats a request whose answer was lost: then our own request was the first.
        if read_object(bucket, key) == body:
            return
        raise StorageError(
            f"Could not store s3://{bucket.name}/{key}: another report has this key, and reports"
            " are never replaced.",
            safe="The other report and all backups are untouched.",
            todo="Invoke the function again: a later second is another key. If nobody started two"
            " runs at once, find out who wrote that report.",
        ) from None
