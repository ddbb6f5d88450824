"""Fetches an archive by several connections at a time, and computes its SHA-256 on the way.

S3 gives about 90 MB/s to a connection, and machines of CodeBuild have networks of 10 Gbit/s, so a
single one would be what a large restore waits for. AWS advises ranges by connections of their own:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-guidelines.html

boto3's own transfer manager does the same, but tells nobody which bytes are there. Reading them for
the SHA-256 would begin after the last one has come, when a large archive has left the page cache.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import StorageError
from lifeboat.model.manifest import StoredObject
from lifeboat.runtime.hand_over import engine
from lifeboat.s3.bucket import BackupBucket, code_of, translated
from lifeboat.s3.read import versioned
from lifeboat.settings.size_names import size_setting

PART = 32 << 20
"""Bytes that one request asks for."""

_CHUNK = 1 << 20
_MAX_RESUMES = 5
_MAX_CONNECTIONS = 16
"""As many as the client keeps; Python reads no more than that from them."""


@dataclass(frozen=True)
class Fetched:
    """What the bucket has of an object.

    Attributes:
        bytes: its size.
        sha256: of its bytes, as hexadecimal digits; None if they were not all fetched, since its
            size is not what was expected.
    """

    bytes: int
    sha256: str | None


def download(
    bucket: BackupBucket,
    objects: tuple[StoredObject, ...],
    path: Path,
    arrived: Callable[[int], None],
) -> tuple[Fetched, ...]:
    """Fetch the objects that make up an archive into a new file.

    A broken connection continues where it broke. The caller compares the result with what it
    expects.

    Args:
        bucket: with the backups.
        objects: in order, each with the size and the version that its manifest names.
        path: the file.
        arrived: called with the bytes of each chunk, by one thread at a time; it raises when the
            run is over.

    Returns:
        What there is of each object, in order; the first of another size is the last.

    Raises:
        ArchivedError: an object has to be thawed first.
        StorageError: S3 refused or kept failing, or the disk is full.
    """
    found: list[Fetched] = []
    try:
        with path.open("x+b", buffering=0) as file:
            start = 0
            for stored in objects:
                with translated(f"fetch s3://{bucket.name}/{stored.key}"):
                    found.append(_fetch(_Transfer(bucket, stored, file.fileno(), start, arrived)))
                if found[-1].sha256 is None:
                    break
                start += stored.bytes
    except OSError as error:
        raise StorageError(
            f"Could not write the archive to {path}: {error.strerror}.",
            todo=f"Raise {size_setting(engine(), 'drill', 'disk')} (for a restore:"
            f" {size_setting(engine(), 'restore', 'disk')}) in lifeboat.toml, then: make deploy",
        ) from None
    return tuple(found)


class _OtherSizeError(Exception):
    """The object has this many bytes, not as many as were expected."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True)
class _Transfer:
    """One object on its way into a file.

    Attributes:
        bucket: with the backups.
        stored: the object.
        file: the descriptor of the file.
        start: where the object begins in the file.
        arrived: told of each chunk.
        turn: whose holder may tell it.
        over: set when no more is wanted.
    """

    bucket: BackupBucket
    stored: StoredObject
    file: int
    start: int
    arrived: Callable[[int], None]
    turn: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)

    def fetch_part(self, begin: int) -> None:
        """Write the part that begins there into the file."""
        at, end, failures = begin, self.end_of(begin), 0
        while at < end:
            try:
                for piece in self._pieces(at, end):
                    if self.over.is_set():
                        return
                    with self.turn:
                        self.arrived(len(piece))
                    self._write(piece, at)
                    at += len(piece)
            except BotoCoreError:
                failures += 1
                if failures > _MAX_RESUMES:
                    raise

    def end_of(self, begin: int) -> int:
        """Where the part that begins there ends."""
        return min(begin + PART, self.stored.bytes)

    def written(self, begin: int) -> Iterator[memoryview]:
        """What has been written of this part, in order; each piece is valid until the next."""
        at, end, buffer = begin, self.end_of(begin), memoryview(bytearray(_CHUNK))
        while at < end:
            count = os.preadv(self.file, [buffer[: end - at]], self.start + at)
            if not count:
                raise OSError(0, "the file ends too early")
            yield buffer[:count]
            at += count

    def _pieces(self, at: int, end: int) -> Iterator[bytes]:
        client, version = self.bucket.client, versioned(self.stored.version_id)
        bucket, key = self.bucket.name, self.stored.key
        try:
            answer = client.get_object(
                Bucket=bucket, Key=key, Range=f"bytes={at}-{end - 1}", **version
            )
        except ClientError as error:
            if code_of(error) != "InvalidRange":
                raise
            head = client.head_object(Bucket=bucket, Key=key, **version)
            raise _OtherSizeError(head["ContentLength"]) from None
        with closing(answer["Body"]) as body:
            size = int(answer["ContentRange"].rpartition("/")[2])
            if size != self.stored.bytes:
                raise _OtherSizeError(size)
            yield from body.iter_chunks(_CHUNK)

    def _write(self, piece: bytes, at: int) -> None:
        rest = memoryview(piece)
        while rest:
            count = os.pwrite(self.file, rest, self.start + at)
            at, rest = at + count, rest[count:]


def _fetch(transfer: _Transfer) -> Fetched:
    """Fetch its parts, and hash them in their order while later ones arrive."""
    digest, hashed = hashlib.sha256(), 0
    pool = ThreadPoolExecutor(_connections(), thread_name_prefix="fetch")
    try:
        parts = [
            pool.submit(transfer.fetch_part, begin)
            for begin in range(0, transfer.stored.bytes, PART)
        ]
        for ended in as_completed(parts):
            ended.result()
            while hashed < len(parts) and parts[hashed].done():
                parts[hashed].result()
                for piece in transfer.written(hashed * PART):
                    digest.update(piece)
                hashed += 1
    except _OtherSizeError as other:
        return Fetched(other.size, None)
    finally:
        transfer.over.set()
        pool.shutdown(cancel_futures=True)  # it waits: nobody may write after the file is closed
    return Fetched(transfer.stored.bytes, digest.hexdigest())


def _connections() -> int:
    """Two for each core: a thread that waits for its connection leaves its core to another."""
    return min(2 * (os.process_cpu_count() or 1), _MAX_CONNECTIONS)
