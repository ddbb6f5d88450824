"""The backup bucket, as the writer of backups may use it."""

import base64
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import AlreadyTakenError, ArchivedError, ManifestError, StorageError
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
"""Errors of conditional writes: 412 when the key exists, 409 during another write to it."""

_GONE = {"NoSuchKey", "NoSuchVersion", "404"}

_LOST_UPLOAD = (
    "Invoke the function again. If it repeats, look for who removes unfinished uploads from the"
    " bucket: a lifecycle rule that isn't Lifeboat's, or a clean-up of your own."
)

_DENIED = (
    "Let the function's role do this again: deploy the stack unchanged (make deploy), and look"
    " for a bucket or key policy that denies it."
)

_ADVICE = {
    "AccessDenied": _DENIED,
    "403": _DENIED,  # the answer to a HEAD has no body, so its code is the status
    "NoSuchBucket": "The bucket is gone or renamed: deploy the stack again (make deploy).",
    "KMS.DisabledException": "Enable the KMS key that `encryption` names.",
    "SlowDown": "Invoke the function again in a few minutes; S3 asked to slow down.",
    "BadDigest": "Invoke the function again: bytes were damaged on their way and S3 refused them.",
    "ExpiredToken": (
        "Invoke the function again: it gets new credentials. If it repeats, deploy it anew"
        " (make deploy)."
    ),
    "RequestTimeTooSkewed": (
        "Invoke the function again: it most likely runs on another machine then, whose clock is"
        " right. On a machine of your own, set the clock."
    ),
    "InvalidPart": _LOST_UPLOAD,
    "NoSuchUpload": _LOST_UPLOAD,
}
"""What to do about common refusals; any other gets the general advice."""

_FINAL = {"AccessDenied", "403", "NoSuchBucket", "KMS.DisabledException"}
"""Refusals that last until somebody changes something."""

_GENERAL_ADVICE = "Invoke the function again; if it repeats, check S3's health in this region."


def s3_client(**overrides: Any) -> "S3Client":  # noqa: ANN401  # boto3's own open keyword arguments
    """An S3 client with bounded waits: 5 tries in all, 10 s to connect, 60 s without a byte.

    It signs requests and download links with SigV4, for the bucket's name at the region's host. By
    default, boto3 makes links with SigV2 in eight old regions, which S3 refuses for KMS keys and
    for newer buckets, and for the global host, which answers 400 for newer regions.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html

    The signature covers the headers, including our SHA-256 of the body, and S3 checks the body
    against it. Without payload_signing_enabled=False, botocore would hash each body once more.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        tcp_keepalive=True,
        max_pool_connections=16,
        signature_version="s3v4",
        s3={"payload_signing_enabled": False, "addressing_style": _addressing_style(overrides)},
    )
    return boto3.client("s3", config=config, **overrides)


def _addressing_style(overrides: Mapping[str, object]) -> Literal["path", "virtual"]:
    """The bucket's name in the host; in the path for an S3 that isn't AWS, with a single host."""
    own = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    elsewhere = overrides.get("endpoint_url") or any(map(os.environ.get, own))
    return "path" if elsewhere else "virtual"


@dataclass(frozen=True)
class Protection:
    """How every object of a backup is encrypted and locked.

    Attributes:
        kms_key: the KMS key's ARN, or None for S3's own keys.
        lock_mode: `GOVERNANCE`, `COMPLIANCE`, or None for no lock.
        locked_until: until when no version can be removed.
    """

    kms_key: str | None = None
    lock_mode: str | None = None
    locked_until: datetime | None = None

    def parameters(self) -> dict[str, Any]:
        """Request parameters for both PutObject and CreateMultipartUpload."""
        encryption: dict[str, Any] = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key}
            if self.kms_key
            else {"ServerSideEncryption": "AES256"}
        )
        if not (self.lock_mode and self.locked_until):
            return encryption
        return encryption | {
            "ObjectLockMode": self.lock_mode,
            "ObjectLockRetainUntilDate": self.locked_until,
        }


@dataclass(frozen=True)
class StoredState:
    """What is stored of a backup.

    Attributes:
        manifest: the published backup's, or None.
        has_archive: whether an archive is there. Without a manifest, its run has died between
            the two, or is about to publish.
    """

    manifest: Manifest | None
    has_archive: bool


@dataclass(frozen=True)
class BackupBucket:
    """The backup bucket. It writes, never deletes, and reads only manifests."""

    client: "S3Client"
    name: str

    def stored_state(self, location: BackupLocation) -> StoredState:
        """What is stored of the backup.

        Raises:
            StorageError: S3 refused or failed.
            ManifestError: the manifest that is there can't be read, isn't this backup's, or has
                lost its archive.
        """
        with translated(f"list s3://{self.name}/{location.prefix}"):
            listing = self.client.list_objects_v2(Bucket=self.name, Prefix=location.prefix)
        keys = {found["Key"] for found in listing.get("Contents", ())}
        manifest = None
        if location.manifest_key in keys:
            manifest = self.manifest(location)
            _require_archive(manifest, keys)
        return StoredState(manifest=manifest, has_archive=location.archive_key in keys)

    def manifest(self, location: BackupLocation) -> Manifest:
        """The manifest of a backup.

        Raises:
            StorageError: S3 refused or failed.
            ManifestError: it can't be read, or isn't this backup's.
        """
        document = self._read(location.manifest_key)
        return Manifest.from_json(document, key=location.manifest_key)

    def put(
        self,
        key: str,
        body: bytes,
        protection: Protection,
        *,
        if_absent: bool = False,
        content_type: str = "binary/octet-stream",
    ) -> StoredObject:
        """Store a small object; S3 checks its SHA-256.

        Args:
            key: of the object.
            body: all of it.
            protection: its encryption and lock.
            if_absent: refuse when the key exists already.
            content_type: for browsers.

        Raises:
            AlreadyTakenError: `if_absent`, and the key exists.
            StorageError: S3 refused or failed.
        """
        digest = hashlib.sha256(body)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_absent else {}
        with translated(f"store s3://{self.name}/{key}"):
            answer = self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                ContentType=content_type,
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
                **protection.parameters(),
                **condition,
            )
        return StoredObject(
            key=key,
            version_id=answer.get("VersionId"),
            bytes=len(body),
            sha256=digest.hexdigest(),
        )

    def _read(self, key: str) -> bytes:
        with translated(f"read s3://{self.name}/{key}"):
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()


def _require_archive(manifest: Manifest, keys: Collection[str]) -> None:
    gone = [stored.key for stored in manifest.archive.objects if stored.key not in keys]
    if gone:
        raise ManifestError(
            f"{manifest.location.id} has a manifest but not its archive: {gone[0]} is gone.",
            safe="Other backups are not affected; nothing was started.",
            todo="List its versions (aws s3api list-object-versions --bucket <bucket> --prefix"
            f" {gone[0]}) and remove the delete marker; or take a manual backup, which has a slot"
            " of its own.",
        )


@contextmanager
def translated(intent: str) -> Iterator[None]:
    """Raise what S3's client raises as our own errors.

    Raises:
        AlreadyTakenError: a conditional write lost against another run.
        ArchivedError: the object has to be thawed first.
        StorageError: anything else that S3 or the way to it said.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = code_of(error)
        if code in _LOST_RACE:
            raise AlreadyTakenError(
                f"Could not {intent}: another run has written it ({code}).",
                todo="Invoke the function again: it finds the other run's backup, or completes it"
                " if that run died.",
            ) from error
        if code == "InvalidObjectState":
            raise ArchivedError(
                f"Could not {intent}: it lies in an archive class and has to be thawed first.",
                todo="Choose a backup of the last days, which lies hot; or thaw this one.",
            ) from error
        raise _refused(intent, code, error) from error


def _refused(intent: str, code: str, error: BotoCoreError | ClientError) -> StorageError:
    """Any other error, with S3's own words and the advice that goes with its code."""
    if code in _GONE:
        return StorageError(
            f"Could not {intent}: it is not there.",
            todo="List its versions (aws s3api list-object-versions --bucket <bucket> --prefix"
            " <key>); a delete marker can be removed. Or use another backup.",
        )
    said = str(error)
    if isinstance(error, ClientError):
        said = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
    made = StorageError(f"Could not {intent}: {said}", todo=_ADVICE.get(code, _GENERAL_ADVICE))
    made.final = code in _FINAL
    return made


def code_of(error: BotoCoreError | ClientError) -> str:
    """S3's code of an error that it answered with; empty when it didn't get to answer."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "unknown")
    return ""
