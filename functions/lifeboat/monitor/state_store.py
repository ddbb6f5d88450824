"""The monitor's memory of what it told, as it lies in the vault."""

from botocore.exceptions import ClientError

from lifeboat.alerts.policy.state import ToldState
from lifeboat.errors import StateError
from lifeboat.model.keys import STATE_KEY
from lifeboat.monitor.request_budget import Calls
from lifeboat.s3.bucket import Protection, Vault, code_of
from lifeboat.settings import WatchedSettings


def recall(vault: Vault, calls: Calls) -> ToldState | None:
    """What was told; None when nothing has been remembered yet.

    Raises:
        VaultReadError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    with calls.one(f"read s3://{vault.bucket}/{STATE_KEY}"):
        try:
            answer = vault.client.get_object(Bucket=vault.bucket, Key=STATE_KEY)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            if _is_deleted(error):
                raise StateError(
                    f"The monitor's memory {STATE_KEY} was deleted.",
                    safe=ToldState.SAFE,
                    todo="Find out who did it; the next run of the monitor writes it anew.",
                ) from error
            return None
        document = answer["Body"].read()
    return ToldState.from_json(document, key=STATE_KEY)


def _is_deleted(error: ClientError) -> bool:
    """Whether a delete marker hides it, so that there was one."""
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    return headers.get("x-amz-delete-marker") == "true"


def remember(vault: Vault, state: ToldState, settings: WatchedSettings) -> None:
    """Store it in place of what was there. It has no lock: it changes with every news.

    Raises:
        VaultError: S3 refused or failed.
    """
    vault.put(STATE_KEY, state.to_json(), Protection(kms_key=settings.kms_key))
