"""Streams an archive of unknown size into S3 with bounded memory and a checksum on every part."""

import base64
import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from lifeboat.errors import VaultError
from lifeboat.model.manifest import StoredObject
from lifeboat.runtime.patience import patience
from lifeboat.s3.bucket import Protection, Vault, translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_MIB = 1 << 20
_FIRST_PART = 8 * _MIB
_PARTS_PER_SIZE = 1_000
_IN_FLIGHT = 3


def part_size(number: int) -> int:
    """The size in bytes of part `number` (from 1), doubling after each thousand parts.

    10,000 parts is S3's limit: with parts of 8 MiB alone an archive would end at 80 GB. Grown like
    this they hold 8 TiB, more than S3's classic 5 TiB object, and the small early parts keep memory
    low for databases that fit into a function.
    """
    return _FIRST_PART << ((number - 1) // _PARTS_PER_SIZE)


@dataclass(frozen=True)
class _Part:
    number: int
    etag: str
    digest: bytes

    def completed(self) -> "CompletedPartTypeDef":
        return {
            "PartNumber": self.number,
            "ETag": self.etag,
            "ChecksumSHA256": base64.b64encode(self.digest).decode(),
        }


class ArchiveUpload:
    """One multipart upload. Leaving it without `complete` aborts it: nothing becomes visible.

    The caller fills the current part in place: `free()` is where the next bytes go, `filled(n)`
    says how many came. A few parts are under way at once; when they don't get away, `filled`
    waits, and so does whoever produces the bytes.

    Attributes:
        total: bytes taken over so far.

    Args:
        vault: the bucket.
        key: the archive's key.
        protection: its encryption and lock.
        wait_seconds: how long the run may still wait for S3, asked anew at each wait.
    """

    def __init__(
        self,
        vault: Vault,
        key: str,
        protection: Protection,
        *,
        wait_seconds: Callable[[], float],
    ) -> None:
        self._vault = vault
        self._where: dict[str, Any] = {"Bucket": vault.bucket, "Key": key}
        self._key = key
        self._protection = protection
        self._wait_seconds = wait_seconds
        self._pool = ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="part")
        self._under_way: deque[Future[_Part]] = deque()
        self._parts: list[_Part] = []
        self._sent = 0
        self._buffer = bytearray(part_size(1))
        self._used = 0
        self.total = 0
        self._digest = hashlib.sha256()
        self._open = False

    def open(self) -> None:
        """Begin the upload at S3.

        Raises:
            VaultError: S3 refused.
        """
        with translated(f"begin the upload of {self._url}"):
            answer = self._vault.client.create_multipart_upload(
                **self._where, ChecksumAlgorithm="SHA256", **self._protection.parameters()
            )
        self._where["UploadId"] = answer["UploadId"]
        self._open = True

    def __enter__(self) -> Self:
        """The upload itself."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Abort unless completed. An abort that fails is noted on the error that led to it."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if not self._open:
            return
        # A part that lands after the abort would stay, and be paid for.
        wait(list(self._under_way), timeout=patience().settle_seconds)
        try:
            self._abort()
        except VaultError as failed:
            if error is None:
                raise
            error.add_note(f"{failed.what} The bucket's lifecycle rule removes it within a day.")

    def free(self) -> memoryview:
        """Where the next bytes of the archive may be written; never empty."""
        return memoryview(self._buffer)[self._used :]

    def filled(self, count: int) -> memoryview:
        """Take over `count` bytes written to `free()`; gives back a view of them.

        The view must not be used after the next call.

        Raises:
            VaultError: S3 refused an earlier part, or took too long.
        """
        piece = memoryview(self._buffer)[self._used : self._used + count]
        self._digest.update(piece)
        self._used += count
        self.total += count
        if self._used == len(self._buffer):
            self._send()
        return piece

    def settle(self) -> None:
        """Send what is left and wait until S3 has every part.

        Raises:
            VaultError: S3 refused a part, or took too long.
        """
        if self._used or not self._sent:
            self._buffer = self._buffer[: self._used]
            self._send()
        while self._under_way:
            self._collect()

    def complete(self, *, only_first: bool) -> StoredObject:
        """Make the archive visible as one object; gives its version, size and SHA-256.

        Args:
            only_first: refuse when an archive is already there.

        Raises:
            AlreadyTakenError: `only_first`, and an archive is there.
            VaultError: S3 refused or failed, or stored something else than was sent.
        """
        self.settle()
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_first else {}
        with translated(f"complete the upload of {self._url}"):
            answer = self._vault.client.complete_multipart_upload(
                **self._where,
                MultipartUpload={"Parts": [part.completed() for part in self._parts]},
                MpuObjectSize=self.total,
                **condition,
            )
        self._open = False
        self._require_same(answer.get("ChecksumSHA256"))
        return StoredObject(
            key=self._key,
            version_id=answer.get("VersionId"),
            bytes=self.total,
            sha256=self._digest.hexdigest(),
        )

    def _abort(self) -> None:
        """Ask S3 to forget the upload, but don't wait for long: the run's time may be over."""
        intent = f"abort the upload of {self._url}"
        pool = ThreadPoolExecutor(1, thread_name_prefix="abort")
        asked = pool.submit(self._vault.client.abort_multipart_upload, **self._where)
        pool.shutdown(wait=False)
        try:
            # No such upload: it was completed after all and only the answer was lost, or is gone.
            with translated(intent), suppress(self._vault.client.exceptions.NoSuchUpload):
                asked.result(patience().abort_seconds)
        except TimeoutError:
            raise VaultError(
                f"Could not {intent}: no answer in time.",
                todo="Leave it to the bucket's lifecycle rule.",
            ) from None

    @property
    def _url(self) -> str:
        return f"s3://{self._vault.bucket}/{self._key}"

    def _send(self) -> None:
        while len(self._under_way) >= _IN_FLIGHT:
            self._collect()
        self._sent += 1
        self._under_way.append(self._pool.submit(self._upload, self._sent, self._buffer))
        self._buffer, self._used = bytearray(part_size(self._sent + 1)), 0

    def _upload(self, number: int, body: bytearray) -> _Part:
        digest = hashlib.sha256(body).digest()
        with translated(f"upload part {number} of {self._url}"):
            answer = self._vault.client.upload_part(
                **self._where,
                PartNumber=number,
                Body=cast("bytes", body),  # the stubs know no bytearray; botocore does
                ChecksumSHA256=base64.b64encode(digest).decode(),
            )
        return _Part(number, answer["ETag"], digest)

    def _collect(self) -> None:
        future = self._under_way[0]
        try:
            seconds = max(self._wait_seconds(), 0) + patience().overtime_seconds
            self._parts.append(future.result(seconds))
        except TimeoutError:
            raise VaultError(
                f"S3 did not take part {len(self._parts) + 1} of {self._url} in time.",
                todo="Invoke the function again; if it repeats, check S3's health in this region.",
            ) from None
        self._under_way.popleft()

    def _require_same(self, stored: str | None) -> None:
        """S3's checksum of a multipart object is that of its parts' checksums, and their number."""
        digest = hashlib.sha256(b"".join(part.digest for part in self._parts)).digest()
        expected = f"{base64.b64encode(digest).decode()}-{len(self._parts)}"
        if stored not in (None, expected):
            raise VaultError(
                f"S3 stored something else than was sent as {self._url}: checksum {stored} instead"
                f" of {expected}.",
                todo="Invoke the function again.",
            )
