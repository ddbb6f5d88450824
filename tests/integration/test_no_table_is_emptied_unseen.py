"""TRUNCATE and rewrites around the start of a run: what a snapshot alone would not survive."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from lifeboat.backup.policy import attempts
from lifeboat.errors import LockQueueError, SchemaChangingError
from lifeboat.postgres import snapshot as under_test
from lifeboat.postgres.connect import Connection, open_again
from lifeboat.postgres.snapshot import Relation, Snapshot, held_snapshot
from tests.support.backup_harness import BackupHarness, Database, eventually

REFILL = (
    "BEGIN",
    "TRUNCATE busy",
    "INSERT INTO busy SELECT i, i FROM generate_series(1, 500) i",
    "COMMIT",
)
REWRITE = (
    "ALTER TABLE busy ALTER COLUMN v TYPE text USING v::text",
    "ALTER TABLE busy ALTER COLUMN v TYPE int USING v::int",
)


@contextmanager
def repeating(database: Database, statements: tuple[str, ...]) -> Iterator[None]:
    """Run the statements over and over, in a connection of their own."""
    stop = threading.Event()

    def repeat() -> None:
        with database.connect() as connection:
            # Oftener than pg_dump starts on a busy machine, no dump could ever lock the table.
            while not stop.wait(0.6):
                for statement in statements:
                    connection.execute(statement)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def held(database: BackupHarness) -> Iterator[Snapshot]:
    login = database.read_login()
    with (
        closing(open_again(login)) as holder,
        closing(open_again(login)) as scout,
        held_snapshot(holder, scout, lock_wait_seconds=5) as snapshot,
    ):
        yield snapshot


@pytest.mark.parametrize("statements", [REFILL, REWRITE], ids=["truncate", "rewrite"])
def test_a_table_that_is_refilled_all_the_time_is_never_backed_up_empty(
    backups: BackupHarness, new_database: Callable[..., Database], statements: tuple[str, ...]
) -> None:
    backups.database.run(
        "CREATE TABLE busy (id int, v int)",
        "INSERT INTO busy SELECT i, i FROM generate_series(1, 500) i",
    )
    with repeating(backups.database, statements):
        for hour in range(6):
            backups.scheduled_at = backups.scheduled_at.replace(hour=hour)
            manifest = backups.take().manifest
            assert {t.name: t.rows for t in manifest.inventory.tables}["busy"] == 500
    copy = new_database()
    backups.restore(copy)
    assert copy.value("SELECT count(*) FROM busy") == 500


def test_while_the_snapshot_is_held_no_table_can_be_emptied(backups: BackupHarness) -> None:
    with held(backups), backups.database.connect() as other:
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("TRUNCATE users")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("ALTER TABLE users SET UNLOGGED")


def test_a_table_that_appears_after_the_listing_is_locked_too(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = under_test._lock

    def lock_late(holder: Connection, relations: tuple[Relation, ...]) -> None:
        backups.database.run("CREATE TABLE IF NOT EXISTS late AS SELECT 1 AS id")
        lock(holder, relations)

    monkeypatch.setattr(under_test, "_lock", lock_late)
    with held(backups) as snapshot, backups.database.connect() as other:
        assert "late" in {relation.name for relation in snapshot.relations}
        other.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("TRUNCATE late")


def test_a_late_table_that_was_emptied_before_its_lock_means_another_attempt(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, attempts = under_test._lock, []

    def empty_it_once(holder: Connection, relations: tuple[Relation, ...]) -> None:
        names = [relation.name for relation in relations]
        attempts.append(names)
        if len(attempts) == 1:
            lock(holder, relations)
            backups.database.run("CREATE TABLE late AS SELECT 1 AS id")
            return
        if len(attempts) == 2:
            assert names == ["late"]
            backups.database.run("TRUNCATE late", "INSERT INTO late VALUES (2), (3)")
        lock(holder, relations)

    monkeypatch.setattr(under_test, "_lock", empty_it_once)
    with held(backups) as snapshot:
        count = snapshot.connection.execute("SELECT count(*) FROM public.late").fetchone()
        assert count == (2,)
    assert attempts == [["users"], ["late"], ["late", "users"]]


def test_a_table_that_is_dropped_before_its_lock_means_another_attempt(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.database.run("CREATE TABLE doomed (id int)")
    lock = under_test._lock

    def drop_it_first(holder: Connection, relations: tuple[Relation, ...]) -> None:
        backups.database.run("DROP TABLE IF EXISTS doomed")
        lock(holder, relations)

    monkeypatch.setattr(under_test, "_lock", drop_it_first)
    with held(backups) as snapshot:
        assert [relation.name for relation in snapshot.relations] == ["users"]


def test_a_schema_that_never_rests_is_given_up_on(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "_lock_new_tables", lambda *_: False)
    with pytest.raises(SchemaChangingError, match="5 attempts"), held(backups):
        pass
    backups.assert_nothing_was_published()


@pytest.fixture
def migrations(backups: BackupHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A migration queues up between the holder's locks and pg_dump's, as often as the list says.

    The list's only number is how many more will; each waits until it gets its turn.
    """
    lock, left, threads = under_test._lock, [0], list[threading.Thread]()

    def migrate() -> None:
        with backups.database.connect() as connection, connection.transaction():
            connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")

    def lock_and_let_it_queue(holder: Connection, relations: tuple[Relation, ...]) -> None:
        lock(holder, relations)
        if left[0]:
            left[0] -= 1
            threads.append(threading.Thread(target=migrate))
            threads[-1].start()
            waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
            eventually(lambda: bool(backups.database.value(waiting)))

    monkeypatch.setattr(under_test, "_lock", lock_and_let_it_queue)
    yield left
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_migration_that_comes_in_between_passes_and_the_backup_follows(
    backups: BackupHarness, migrations: list[int]
) -> None:
    migrations[0] = 1
    assert backups.take().manifest.inventory.rows == 1000


def test_migrations_that_keep_coming_end_the_run_and_are_named(
    backups: BackupHarness, migrations: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "MAX_ATTEMPTS", 2)
    migrations[0] = 2
    with pytest.raises(LockQueueError, match=r"(?s)on public\.users\. pg_dump: .*LOCK TABLE"):
        backups.take()
    backups.assert_nothing_was_published()
