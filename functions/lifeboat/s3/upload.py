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

from lifeboat.errors import StorageError
from lifeboat.model.manifest import StoredObject
from lifeboat.runtime.timeouts import timeouts
from lifeboat.s3.bucket import BackupBucket, Protection, translated

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_MIB = 1 << 20
_FIRST_PART = 8 * _MIB
_PARTS_PER_SIZE = 1_000
_MAX_IN_FLIGHT = 3
_MAX_BYTES_IN_FLIGHT = 512 * _MIB


def part_size(number: int) -> int:
    """The size in bytes of part `number` (from 1), doubling after each thousand parts.

    S3 takes at most 10,000 parts: with parts of 8 MiB, an archive could have 80 GB. Parts that
    double hold 8 TiB, more than S3's classic limit of 5 TiB, and the small first parts keep memory
    low for databases that fit into a function.
    """
    return _FIRST_PART << ((number - 1) // _PARTS_PER_SIZE)


def parts_in_flight(size: int) -> int:
    """How many parts of this size are sent at once: three, but fewer if they are large.

    Each is held in memory until S3 has it, and so is the one that is being filled. An archive of
    1 TB ends with parts of 512 MiB, one of 2 TB with parts of 1 GiB.

    Args:
        size: of each, in bytes.
    """
    return max(1, min(_MAX_IN_FLIGHT, _MAX_BYTES_IN_FLIGHT // size))


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

    The caller fills the current part in place: it writes to `free_space()` and then calls
    `commit(n)`. A few parts are in flight at once. While S3 is slow, `commit` waits, and so does
    whoever produces the bytes.

    Attributes:
        total: bytes committed so far.

    Args:
        bucket: with the backups.
        key: the archive's key.
        protection: its encryption and lock.
        wait_seconds: gives how long the run may still wait for S3; called before each wait.
    """

    def __init__(
        self,
        bucket: BackupBucket,
        key: str,
        protection: Protection,
        *,
        wait_seconds: Callable[[], float],
    ) -> None:
        self._bucket = bucket
        self._target: dict[str, Any] = {"Bucket": bucket.name, "Key": key}
        self._key = key
        self._protection = protection
        self._wait_seconds = wait_seconds
        self._pool = ThreadPoolExecutor(_MAX_IN_FLIGHT, thread_name_prefix="part")
        self._in_flight: deque[Future[_Part]] = deque()
        self._parts: list[_Part] = []
        self._sent = 0
        self._buffer = bytearray(part_size(1))
        self._used = 0
        self.total = 0
        self._digest = hashlib.sha256()
        self._is_open = False

    def open(self) -> None:
        """Begin the upload at S3.

        Raises:
            StorageError: S3 refused.
        """
        with translated(f"begin the upload of {self._url}"):
            answer = self._bucket.client.create_multipart_upload(
                **self._target, ChecksumAlgorithm="SHA256", **self._protection.parameters()
            )
        self._target["UploadId"] = answer["UploadId"]
        self._is_open = True

    def __enter__(self) -> Self:
        """The upload itself."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Abort unless completed. If the abort fails, the error that led to it gets a note."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if not self._is_open:
            return
        # A part that arrives after the abort would stay, and cost money.
        wait(list(self._in_flight), timeout=timeouts().settle_seconds)
        try:
            self._abort()
        except StorageError as failed:
            if error is None:
                raise
            error.add_note(f"{failed.what} The bucket's lifecycle rule removes it within days.")

    def free_space(self) -> memoryview:
        """The buffer for the next bytes of the archive; never empty."""
        return memoryview(self._buffer)[self._used :]

    def commit(self, count: int) -> memoryview:
        """Take over `count` bytes that were written to `free_space()`. Returns a view of them.

        The view is valid until the next call.

        Raises:
            StorageError: S3 refused an earlier part, or took too long.
        """
        piece = memoryview(self._buffer)[self._used : self._used + count]
        self._digest.update(piece)
        self._used += count
        self.total += count
        if self._used == len(self._buffer):
            self._send()
        return piece

    def flush(self) -> None:
        """Send the last part and wait until S3 has every part.

        Raises:
            StorageError: S3 refused a part, or took too long.
        """
        if self._used or not self._sent:
            self._buffer = self._buffer[: self._used]
            self._send()
        while self._in_flight:
            self._collect()

    def complete(self, *, if_absent: bool) -> StoredObject:
        """Make the archive visible as one object. Returns its version, size and SHA-256.

        Args:
            if_absent: refuse when an archive is already there.

        Raises:
            AlreadyTakenError: `if_absent`, and an archive is there.
            StorageError: S3 refused or failed, or stored something else than was sent.
        """
        self.flush()
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if if_absent else {}
        with translated(f"complete the upload of {self._url}"):
            answer = self._bucket.client.complete_multipart_upload(
                **self._target,
                MultipartUpload={"Parts": [part.completed() for part in self._parts]},
                MpuObjectSize=self.total,
                **condition,
            )
        self._is_open = False
        self._require_same(answer.get("ChecksumSHA256"))
        return StoredObject(
            key=self._key,
            version_id=answer.get("VersionId"),
            bytes=self.total,
            sha256=self._digest.hexdigest(),
        )

    def _abort(self) -> None:
        """Ask S3 to abort the upload, without a long wait: the run's time may be over."""
        intent = f"abort the upload of {self._url}"
        pool = ThreadPoolExecutor(1, thread_name_prefix="abort")
        asked = pool.submit(self._bucket.client.abort_multipart_upload, **self._target)
        pool.shutdown(wait=False)
        try:
            # NoSuchUpload: it was completed and only the answer was lost, or it is gone.
            with translated(intent), suppress(self._bucket.client.exceptions.NoSuchUpload):
                asked.result(timeouts().abort_seconds)
        except TimeoutError:
            raise StorageError(
                f"Could not {intent}: no answer in time.",
                todo="Leave it to the bucket's lifecycle rule.",
            ) from None

    @property
    def _url(self) -> str:
        return f"s3://{self._bucket.name}/{self._key}"

    def _send(self) -> None:
        while len(self._in_flight) >= parts_in_flight(len(self._buffer)):
            self._collect()
        self._sent += 1
        self._in_flight.append(self._pool.submit(self._upload, self._sent, self._buffer))
        self._buffer, self._used = bytearray(part_size(self._sent + 1)), 0

    def _upload(self, number: int, body: bytearray) -> _Part:
        digest = hashlib.sha256(body).digest()
        with translated(f"upload part {number} of {self._url}"):
            answer = self._bucket.client.upload_part(
                **self._target,
                PartNumber=number,
                Body=cast("bytes", body),  # the stubs know no bytearray; botocore does
                ChecksumSHA256=base64.b64encode(digest).decode(),
            )
        return _Part(number, answer["ETag"], digest)

    def _collect(self) -> None:
        future = self._in_flight[0]
        try:
            seconds = max(self._wait_seconds(), 0) + timeouts().overtime_seconds
            self._parts.append(future.result(seconds))
        except TimeoutError:
            raise StorageError(
                f"S3 did not take part {len(self._parts) + 1} of {self._url} in time.",
                todo="Invoke the function again; if it repeats, check S3's health in this region.",
            ) from None
        self._in_flight.popleft()

    def _require_same(self, stored: str | None) -> None:
        """Compare S3's checksum of a multipart object: a hash of its parts' hashes, and a count."""
        digest = hashlib.sha256(b"".join(part.digest for part in self._parts)).digest()
        expected = f"{base64.b64encode(digest).decode()}-{len(self._parts)}"
        if stored not in (None, expected):
            raise StorageError(
                f"S3 stored something else than was sent as {self._url}: checksum {stored} instead"
                f" of {expected}.",
                todo="Invoke the function again.",
            )
