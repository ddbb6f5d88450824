"""Loads and saves the monitor's own documents in the bucket: its state, and what is muted."""

from botocore.exceptions import ClientError

from lifeboat.alerts.policy.silences import Silences
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.errors import StateError
from lifeboat.model.documents import Document
from lifeboat.model.keys import EVIDENCE_RECORD_KEY, SILENCES_KEY, STATE_KEY, evidence_key
from lifeboat.monitor.policy.evidence import EvidenceRecord, MonthEvidence
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket, Protection, code_of
from lifeboat.settings import WatchedSettings


def load_state(bucket: BackupBucket, budget: RequestBudget) -> MonitorState | None:
    """The state; None when there is none yet.

    Raises:
        StorageError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    return _load(MonitorState, STATE_KEY, bucket, budget)


def load_silences(bucket: BackupBucket, budget: RequestBudget) -> Silences:
    """What people have muted or acknowledged.

    Raises:
        StorageError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    return _load(Silences, SILENCES_KEY, bucket, budget) or Silences()


def load_evidence(bucket: BackupBucket, budget: RequestBudget) -> EvidenceRecord | None:
    """What is recorded and not yet published; None if recording has not begun.

    Raises:
        StorageError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    return _load(EvidenceRecord, EVIDENCE_RECORD_KEY, bucket, budget)


def load_month(bucket: BackupBucket, month: str, budget: RequestBudget) -> MonthEvidence | None:
    """The published evidence of a month; None if there is none.

    Raises:
        StorageError: S3 doesn't let us read it.
        StateError: it is damaged, deleted or newer than this Lifeboat.
    """
    return _load(MonthEvidence, evidence_key(month), bucket, budget)


def save(bucket: BackupBucket, document: Document, settings: WatchedSettings) -> None:
    """Store a document over the previous one. It has no lock, since it changes often.

    Raises:
        StorageError: S3 refused or failed.
    """
    bucket.put(document.key, document.to_json(), Protection(kms_key=settings.kms_key))


def _load[D: Document](
    kind: type[D], key: str, bucket: BackupBucket, budget: RequestBudget
) -> D | None:
    with budget.request(f"read s3://{bucket.name}/{key}"):
        try:
            answer = bucket.client.get_object(Bucket=bucket.name, Key=key)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            if _is_deleted(error):
                raise StateError(
                    f"The {kind.NOUN} {key} was deleted.",
                    safe=kind.SAFE,
                    todo="Find out who deleted it; the next run of the monitor writes a new one."
                    if kind is MonitorState
                    else "Find out who deleted it; to mute again writes a new one.",
                ) from error
            return None
        document = answer["Body"].read()
    return kind.from_json(document, key=key)


def _is_deleted(error: ClientError) -> bool:
    """Whether a delete marker hides it, so that there was one."""
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    return headers.get("x-amz-delete-marker") == "true"
