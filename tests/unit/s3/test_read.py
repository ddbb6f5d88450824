"""An archive arrives whole although its connection breaks, and every refusal has a next step."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lifeboat.errors import ArchivedError, LifeboatError, StorageError
from lifeboat.model.manifest import StoredObject
from lifeboat.s3.bucket import Vault
from lifeboat.s3.read import download

CONTENT = bytes(range(256)) * 40


class Breaking:
    """An S3 that gives some bytes of an object and then breaks off."""

    def __init__(self, *, each: int, error: Exception | None = None) -> None:
        self.each = each
        self.error = error
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        start = int(asked.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        return {"Body": Body(CONTENT[start:], self.each)}


class Body:
    def __init__(self, content: bytes, most: int) -> None:
        self.content = content
        self.most = most

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        yield self.content[: self.most]
        if len(self.content) > self.most:
            raise ReadTimeoutError(endpoint_url="https://vault")


STORED = StoredObject(
    key="daily/app/2026-11-24T020000Z/archive.dump",
    version_id="v1",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


def fetch(
    client: Any, path: Path, arrived: Callable[[int], None] = lambda _: None
) -> tuple[list[int], list[str]]:
    done = download(Vault(client, "vault"), (STORED,), path, arrived)
    return done.bytes, done.sha256


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path) -> None:
    client, path = Breaking(each=4000), tmp_path / "archive"
    assert fetch(client, path) == ([len(CONTENT)], [STORED.sha256])
    assert path.read_bytes() == CONTENT
    assert [asked.get("Range") for asked in client.asked] == [None, "bytes=4000-", "bytes=8000-"]
    assert {asked["VersionId"] for asked in client.asked} == {"v1"}


def test_a_connection_that_breaks_all_the_time_is_given_up(tmp_path: Path) -> None:
    client = Breaking(each=10)
    with pytest.raises(StorageError, match="fetch s3://vault/daily/app") as refusal:
        fetch(client, tmp_path / "archive")
    assert len(client.asked) == 6
    assert "Invoke the function again" in refusal.value.todo


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
    error = ClientError({"Error": {"Code": code, "Message": "on purpose"}}, "GetObject")
    with pytest.raises(kind) as refusal:
        fetch(Breaking(each=10, error=error), tmp_path / "archive")
    assert todo in refusal.value.todo


def test_a_full_disk_names_the_setting(tmp_path: Path) -> None:
    full = tmp_path / "archive"
    full.symlink_to("/dev/full")
    with pytest.raises(StorageError) as refusal:
        download_over(full)
    assert "drill.ephemeral_mb" in refusal.value.todo


def download_over(path: Path) -> None:
    """`download` makes a new file; here it meets a device that is always full."""
    with pytest.MonkeyPatch.context() as patch:
        opened = Path.open
        patch.setattr(Path, "open", lambda self, _mode: opened(self, "wb"))
        fetch(Breaking(each=len(CONTENT)), path)


def test_a_run_that_is_over_fetches_no_more(tmp_path: Path) -> None:
    def over(_: int) -> None:
        raise StorageError("time is up", todo="-")

    client = Breaking(each=10)
    with pytest.raises(StorageError, match="time is up"):
        fetch(client, tmp_path / "archive", over)
    assert len(client.asked) == 1
