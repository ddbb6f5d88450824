"""Loads and saves the monitor's state in the bucket."""

from botocore.exceptions import ClientError

from lifeboat.alerts.policy.state import MonitorState
from lifeboat.errors import StateError
from lifeboat.model.keys import STATE_KEY
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import Protection, Vault, code_of
from lifeboat.settings import WatchedSettings


def load_state(vault: Vault, budget: RequestBudget) -> MonitorState | None:
    """The state; None when there is none yet.

    Raises:
        StorageError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    with budget.request(f"read s3://{vault.bucket}/{STATE_KEY}"):
        try:
            answer = vault.client.get_object(Bucket=vault.bucket, Key=STATE_KEY)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            if _is_deleted(error):
                raise StateError(
                    f"The monitor's state {STATE_KEY} was deleted.",
                    safe=MonitorState.SAFE,
                    todo="Find out who deleted it; the next run of the monitor writes a new one.",
                ) from error
            return None
        document = answer["Body"].read()
    return MonitorState.from_json(document, key=STATE_KEY)


def _is_deleted(error: ClientError) -> bool:
    """Whether a delete marker hides it, so that there was one."""
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    return headers.get("x-amz-delete-marker") == "true"


def save_state(vault: Vault, state: MonitorState, settings: WatchedSettings) -> None:
    """Store it over the previous one. It has no lock, since it changes with each notification.

    Raises:
        StorageError: S3 refused or failed.
    """
    vault.put(STATE_KEY, state.to_json(), Protection(kms_key=settings.kms_key))
