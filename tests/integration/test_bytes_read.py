"""What a backup says that the server sent is what a proxy before the server counted."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lifeboat.backup import store_archive
from lifeboat.backup.catalog import require_unchanged
from lifeboat.backup.policy import attempts
from lifeboat.backup.stream_archive import ArchiveStream
from lifeboat.errors import DefinitionsChangedError, LifeboatError
from lifeboat.postgres.meter import Meter
from tests.support.backup_harness import BackupHarness, Database, eventually
from tests.support.proxy import Proxy

CASES = {
    "numbers": ("CREATE TABLE n AS SELECT i % 10 AS d FROM generate_series(1, 1000000) i",),
    "texts": (
        "CREATE TABLE t AS SELECT repeat(md5(i::text), 30) AS d FROM generate_series(1, 20000) i",
    ),
    "lines": (
        r"CREATE TABLE t AS SELECT repeat(E'a\n\t\\b', 20) AS d FROM generate_series(1, 50000) i",
    ),
    "large objects": (
        "SELECT lo_from_bytea(0, decode(repeat(md5(i::text), 5000), 'hex'))"
        " FROM generate_series(1, 150) i",
    ),
    "tables": (
        "DO $$BEGIN FOR i IN 1..1000 LOOP EXECUTE format('CREATE TABLE t%s (id bigserial"
        " PRIMARY KEY, a text NOT NULL, b int, c timestamptz DEFAULT now())', i);"
        " END LOOP; END$$",
    ),
}


@pytest.fixture
def proxied(backups: BackupHarness, new_database: Callable[..., Database]) -> Iterator[Any]:
    """Fills a database of a major and leads the harness to it through a proxy that counts."""
    opened: list[Proxy] = []

    def lead(*statements: str, major: int = 18) -> Proxy:
        backups.database = database = new_database(major)
        database.run(*statements)
        proxy = Proxy("127.0.0.1", database.server.port)
        opened.append(proxy)
        backups.secret = database.url.replace(f":{database.server.port}/", f":{proxy.port}/")
        return proxy

    yield lead
    for each in opened:
        each.cut()


@pytest.mark.parametrize("major", [14, 18])
@pytest.mark.parametrize("case", CASES)
def test_the_manifest_says_what_the_server_sent(
    backups: BackupHarness, proxied: Callable[..., Proxy], case: str, major: int
) -> None:
    proxy = proxied(*CASES[case], major=major)
    backups.take()
    assert backups.manifest().bytes_read == pytest.approx(proxy.answered, rel=0.04)


def test_an_attempt_that_was_given_up_counts_too(
    backups: BackupHarness, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = proxied(*CASES["texts"], "CREATE TYPE mood AS ENUM ('well')")
    monkeypatch.setattr(attempts, "_FIRST_PAUSE", 0.0)
    calls = []

    def after_a_migration(*arguments: Any) -> None:
        calls.append(proxy.answered)
        if len(calls) == 2:  # the first dump has ended
            backups.database.run("ALTER TYPE mood RENAME TO feeling")
        require_unchanged(*arguments)

    monkeypatch.setattr(store_archive, "require_unchanged", after_a_migration)
    backups.take()
    manifest = backups.manifest()
    assert len(calls) == 4, "there was no second attempt"
    assert any(note.startswith("Begun anew") for note in manifest.notes)
    assert proxy.answered > 1.9 * calls[1], "the second attempt read nothing"
    assert manifest.bytes_read == pytest.approx(proxy.answered, rel=0.04)


def test_a_run_that_failed_tells_what_it_has_read(
    backups: BackupHarness, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, meter = proxied(*CASES["texts"]), Meter()

    def differ(*_: object) -> None:
        raise DefinitionsChangedError("It differs.", todo="Nothing.")

    monkeypatch.setattr(attempts, "_FIRST_PAUSE", 1e9)
    monkeypatch.setattr(store_archive, "require_same", differ)
    with pytest.raises(DefinitionsChangedError):
        backups.take(meter=meter)
    assert meter.bytes == pytest.approx(proxy.answered, rel=0.04)
    assert meter.bytes > 15_000_000


def test_a_run_that_was_cut_off_has_counted_up_to_there(
    backups: BackupHarness, proxied: Callable[..., Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, meter = proxied(*CASES["texts"]), Meter()
    ended = ArchiveStream.finish

    def cut(stream: ArchiveStream, *arguments: Any) -> Any:
        while stream.transfer_chunk() and meter.bytes < 5_000_000:
            time.sleep(0.01)  # what counts is another program, and has to keep up
        eventually(lambda: meter.bytes >= 5_000_000)
        proxy.cut()
        return ended(stream, *arguments)

    monkeypatch.setattr(ArchiveStream, "finish", cut)
    with pytest.raises(LifeboatError):
        backups.take(meter=meter)
    assert 5_000_000 <= meter.bytes <= proxy.answered
