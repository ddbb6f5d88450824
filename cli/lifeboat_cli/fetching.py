"""Fetches objects of a backup to disk: verified by SHA-256, and never half under their name."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat_cli.aws_errors import code_of, explained
from lifeboat_cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_MAX_RESUMES = 5
_GONE = ("NoSuchKey", "NoSuchVersion", "404")
SAFE = "The backup in the bucket is untouched. No file here is under its final name unless whole."


@dataclass(frozen=True)
class Remote:
    """One object, as the manifest has it.

    Attributes:
        bucket: where it is.
        key: of the object.
        version: that the manifest names; None in a bucket without versions.
        bytes: its size.
        sha256: of its content, in hexadecimal digits.
    """

    bucket: str
    key: str
    version: str | None
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.key.rpartition("/")[2]

    @property
    def address(self) -> dict[str, str]:
        """Parameters of S3's requests."""
        version = {"VersionId": self.version} if self.version else {}
        return {"Bucket": self.bucket, "Key": self.key, **version}


def fetch(client: Any, remote: Remote, to: Path, advance: Callable[[int], None]) -> bool:  # noqa: ANN401
    """Fetch it into a file beside the final name, check it, and rename it.

    Args:
        client: of S3.
        remote: what to fetch.
        to: the final path.
        advance: is told how many bytes have come.

    Returns:
        Whether it was fetched; if not, the very same content was there already.

    Raises:
        CommandError: S3 refused or failed, it isn't what the manifest says, or the disk is full.
    """
    if to.exists() and to.stat().st_size == remote.bytes and _digest(to) == remote.sha256:
        advance(remote.bytes)
        return False
    if to.exists():
        raise CommandError(
            f"{to} is there already, and is not what the backup has.",
            safe=SAFE,
            next_step="Remove it, or name another directory: --to DIR",
        )
    partial = to.with_name(f"{to.name}.partial")
    try:
        found = _receive(client, remote, partial, advance)
        if found != remote.sha256:
            raise CommandError(
                f"s3://{remote.bucket}/{remote.key} is not what the manifest says: its SHA-256 is"
                f" {found}, not {remote.sha256}.",
                safe=SAFE,
                next_step="Repeat the command. If it says the same again, use another backup:"
                " lifeboat backups",
            )
        partial.replace(to)
    except OSError as error:
        raise CommandError(
            f"Could not write {to}: {error.strerror}.",
            safe=SAFE,
            next_step="Name a directory with room: --to DIR",
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return True


def read_all(client: Any, bucket: str, key: str) -> bytes:  # noqa: ANN401
    """A small object.

    Raises:
        CommandError: it isn't there, or S3 refused or failed.
    """
    with _translated(key, bucket):
        content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def _receive(client: Any, remote: Remote, path: Path, advance: Callable[[int], None]) -> str:  # noqa: ANN401
    """Write it to disk, and go on where a connection broke; its SHA-256 in the end."""
    digest, received, resumes = hashlib.sha256(), 0, 0
    # Backups are secret, whatever the umask.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while received < remote.bytes:
            with _translated(remote.key, remote.bucket):
                body = client.get_object(**remote.address, Range=f"bytes={received}-")["Body"]
                try:
                    for chunk in body.iter_chunks(_CHUNK):
                        file.write(chunk)
                        digest.update(chunk)
                        received += len(chunk)
                        advance(len(chunk))
                except BotoCoreError:
                    resumes += 1
                    if resumes > _MAX_RESUMES:
                        raise
                else:
                    break
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


@contextmanager
def _translated(key: str, bucket: str) -> Iterator[None]:
    """Raise what S3 refuses as an error that a person can act on."""
    where = f"s3://{bucket}/{key}"
    with explained(f"s3:GetObject and s3:GetObjectVersion on {where}", safe=SAFE):
        try:
            yield
        except ClientError as error:
            if code_of(error) == "InvalidObjectState":
                raise _archived(key) from None
            if code_of(error) in _GONE:
                raise CommandError(
                    f"{where} is not there.",
                    safe=SAFE,
                    next_step="lifeboat backups DATABASE lists what is there.",
                ) from None
            raise


def _archived(key: str) -> CommandError:
    tier, database, moment = (key.split("/") + [""] * 3)[:3]
    return CommandError(
        f"{tier}/{database}/{moment} is archived, and has to be thawed first.",
        safe=SAFE,
        next_step=f"lifeboat thaw {database} {tier}/{database}/{moment}",
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
