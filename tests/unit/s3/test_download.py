"""An archive arrives whole although its connections break, and every refusal has a next step."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lifeboat.errors import ArchivedError, LifeboatError, StorageError
from lifeboat.model.manifest import StoredObject
from lifeboat.s3 import download as module
from lifeboat.s3.bucket import BackupBucket
from lifeboat.s3.download import Fetched, download

CONTENT = os.urandom(10240)


class Breaking:
    """An S3 that gives some bytes of an answer and then breaks off.

    Args:
        each: so many bytes.
        error: is raised instead of any answer.
        before: is called with where each answer begins, before it is given.
    """

    def __init__(
        self,
        *,
        each: int = len(CONTENT),
        error: Exception | None = None,
        content: bytes = CONTENT,
        before: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.each = each
        self.error = error
        self.content = content
        self.before = before
        self.asked: list[dict[str, Any]] = []
        self.bodies: list[Body] = []

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        begin, _, last = asked["Range"].removeprefix("bytes=").partition("-")
        if int(begin) >= len(self.content):
            raise refusal("InvalidRange")
        self.before(int(begin))
        part = self.content[int(begin) : int(last) + 1]
        body = Body(part, self.each)
        self.bodies.append(body)
        return {"Body": body, "ContentRange": f"bytes {begin}-{last}/{len(self.content)}"}

    def head_object(self, **_asked: Any) -> dict[str, Any]:
        return {"ContentLength": len(self.content)}

    @property
    def ranges(self) -> list[str]:
        return [asked["Range"].removeprefix("bytes=") for asked in self.asked]


class Body:
    def __init__(self, content: bytes, most: int) -> None:
        self.content = content
        self.most = most
        self.is_closed = False

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        yield self.content[: self.most]
        if len(self.content) > self.most:
            raise ReadTimeoutError(endpoint_url="https://bucket")

    def close(self) -> None:
        self.is_closed = True


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "on purpose"}}, "GetObject")


def stored(content: bytes = CONTENT, key: str = "archive.dump") -> StoredObject:
    return StoredObject(
        key=f"daily/app/2026-11-24T020000Z/{key}",
        version_id="v1",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


WHOLE = Fetched(len(CONTENT), stored().sha256)


def fetch(
    client: Any, path: Path, arrived: Callable[[int], None] = lambda _: None
) -> tuple[Fetched, ...]:
    return download(BackupBucket(client, "bucket"), (stored(),), path, arrived)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 1000)


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path) -> None:
    client, path = Breaking(each=4000), tmp_path / "archive"
    assert fetch(client, path) == (WHOLE,)
    assert path.read_bytes() == CONTENT
    assert client.ranges == ["0-10239", "4000-10239", "8000-10239"]
    assert {asked["VersionId"] for asked in client.asked} == {"v1"}
    assert all(body.is_closed for body in client.bodies)


def test_a_connection_that_breaks_after_the_last_byte_is_not_asked_again(tmp_path: Path) -> None:
    class BreakingLate(Body):
        def iter_chunks(self, _size: int) -> Iterator[bytes]:
            yield self.content
            raise ReadTimeoutError(endpoint_url="https://bucket")

    class Late(Breaking):
        def get_object(self, **asked: Any) -> dict[str, Any]:
            answer = super().get_object(**asked)
            return answer | {"Body": BreakingLate(answer["Body"].content, 0)}

    client = Late()
    assert fetch(client, tmp_path / "archive") == (WHOLE,)
    assert len(client.asked) == 1


@pytest.mark.usefixtures("small_parts")
def test_parts_may_arrive_in_any_order(tmp_path: Path) -> None:
    second = threading.Event()

    def first_is_last(begin: int) -> None:
        if begin == 1000:
            second.set()
        assert begin or second.wait(60)

    path, arrived = tmp_path / "archive", list[int]()
    assert fetch(Breaking(before=first_is_last), path, arrived.append) == (WHOLE,)
    assert path.read_bytes() == CONTENT
    assert sum(arrived) == len(CONTENT)


@pytest.mark.usefixtures("small_parts")
def test_several_objects_lie_one_behind_the_other(tmp_path: Path) -> None:
    class Two(Breaking):
        def get_object(self, **asked: Any) -> dict[str, Any]:
            part = CONTENT[:2500] if asked["Key"].endswith("1") else CONTENT[2500:]
            return Breaking(content=part).get_object(**asked)

    objects = (stored(CONTENT[:2500], "1"), stored(CONTENT[2500:], "2"))
    path = tmp_path / "archive"
    found = download(BackupBucket(Two(), "bucket"), objects, path, lambda _: None)  # type: ignore[arg-type]
    assert [each.sha256 for each in found] == [each.sha256 for each in objects]
    assert path.read_bytes() == CONTENT


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("content", [b"", CONTENT[:1500], CONTENT + b"more"])
def test_an_object_of_another_size_is_not_fetched_whole(tmp_path: Path, content: bytes) -> None:
    client = Breaking(content=content)
    objects = (stored(), stored())
    found = download(BackupBucket(client, "bucket"), objects, tmp_path / "archive", lambda _: None)  # type: ignore[arg-type]
    assert found == (Fetched(len(content), None),)
    assert all(body.is_closed for body in client.bodies)


def test_a_connection_that_breaks_all_the_time_is_given_up(tmp_path: Path) -> None:
    client = Breaking(each=10)
    with pytest.raises(StorageError, match="fetch s3://bucket/daily/app") as refused:
        fetch(client, tmp_path / "archive")
    assert len(client.asked) == 6
    assert "Invoke the function again" in refused.value.todo


@pytest.mark.parametrize(
    ("code", "kind", "todo"),
    [
        ("InvalidObjectState", ArchivedError, "thaw"),
        ("NoSuchVersion", StorageError, "list-object-versions"),
        ("NoSuchKey", StorageError, "list-object-versions"),
        ("AccessDenied", StorageError, "make deploy"),
        ("Unheard", StorageError, "Invoke the function again"),
    ],
)
def test_a_refusal_says_what_to_do(
    tmp_path: Path, code: str, kind: type[LifeboatError], todo: str
) -> None:
    with pytest.raises(kind) as refused:
        fetch(Breaking(error=refusal(code)), tmp_path / "archive")
    assert todo in refused.value.todo


def test_a_full_disk_names_the_setting(tmp_path: Path) -> None:
    """A device that is always full, where `download` makes a new file."""
    path = tmp_path / "archive"
    path.symlink_to("/dev/full")
    opened = Path.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", lambda self, _mode, **more: opened(self, "r+b", **more))
        with pytest.raises(StorageError) as refused:
            fetch(Breaking(), path)
    assert "drill.ephemeral_mb" in refused.value.todo


def test_a_file_that_loses_bytes_is_not_an_archive_that_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda _file, piece, _at: len(piece))
    with pytest.raises(StorageError, match="the file ends too early"):
        fetch(Breaking(), tmp_path / "archive")


def test_a_run_that_is_over_fetches_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(_: int) -> None:
        raise StorageError("time is up", todo="-")

    monkeypatch.setattr(module, "PART", 10)
    before = threading.active_count()
    client = Breaking(before=lambda _: time.sleep(0.002))
    with pytest.raises(StorageError, match="time is up"):
        fetch(client, tmp_path / "archive", over)
    assert len(client.asked) < len(CONTENT) / 10
    assert threading.active_count() == before
