"""Stores the report of a drill or a restore: once, for its bucket takes no second version."""

from lifeboat.errors import AlreadyTakenError, VaultError
from lifeboat.s3.bucket import Protection, Vault
from lifeboat.s3.read import read_object


def publish_report(
    vault: Vault, key: str, body: bytes, protection: Protection, *, content_type: str
) -> None:
    """Store a report or its page; what is there already is never replaced.

    Args:
        vault: the bucket.
        key: where; its name is the second in which the run started.
        body: all of it.
        protection: its encryption.
        content_type: what a browser is told that it is.

    Raises:
        VaultError: S3 refused or failed, or another report has this key.
        VaultReadError: whose report has this key can't be seen.
    """
    try:
        vault.put(key, body, protection, only_first=True, content_type=content_type)
    except AlreadyTakenError:
        # The SDK sends a request again whose answer was lost; then it was our own that won.
        if read_object(vault, key) == body:
            return
        raise VaultError(
            f"Could not store s3://{vault.bucket}/{key}: another report has this key, and reports"
            " are never replaced.",
            safe="The other report and all backups are untouched.",
            todo="Invoke the function again: a later second is another key. If nobody started two"
            " runs at once, find out who wrote that report.",
        ) from None
