"""The database locks, changes, ends, refuses or holds what is hard to hold, in the middle of it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from lifeboat.backup import store_archive
from lifeboat.backup.policy import attempts
from lifeboat.errors import (
    ConnectError,
    DumpError,
    InventoryError,
    LifeboatError,
    SchemaChangingError,
    StatementError,
    TargetError,
    UnreadableError,
)
from lifeboat.postgres import connect, inventory_queries, snapshot
from lifeboat.runtime.timeouts import set_testing
from tests.support.backup_harness import BackupHarness, Database, eventually
from tests.support.restore_harness import RestoreHarness, databases
from tests.support.s3_faults import planned

pytestmark = pytest.mark.fault("database")

NAMELESS = "ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0"


def fails(backups: BackupHarness, *kinds: type[LifeboatError]) -> LifeboatError:
    with pytest.raises(kinds) as caught:
        backups.take()
    backups.assert_nothing_was_published()
    return caught.value


@pytest.fixture
def in_the_snapshot(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[int]]:
    """Does something once, when every table is locked and the snapshot taken, before the dump."""

    def plan(act: Callable[[], object]) -> list[int]:
        read_source, done = inventory_queries.read_source, list[int]()

        def act_first(connection: connect.Connection) -> Any:
            if not done:
                done.append(connection.info.backend_pid)
                act()
            return read_source(connection)

        monkeypatch.setattr(store_archive, "read_source", act_first)
        return done

    return plan


def slow_down(database: Database, queries: str) -> None:
    """Let such queries take a minute: an extension says which of its rows to dump."""
    asleep = (
        f"WHERE CASE WHEN current_query() {queries} THEN pg_sleep(60) IS NOT NULL ELSE true END"
    )
    database.run(
        "CREATE EXTENSION hstore",
        "CREATE TABLE one AS SELECT 1 AS i",
        "ALTER EXTENSION hstore ADD TABLE one",
        "UPDATE pg_extension SET extconfig = ARRAY['one'::regclass::oid],"
        f" extcondition = ARRAY[$${asleep}$$] WHERE extname = 'hstore'",
    )


def terminate(database: Database, queries: str) -> threading.Thread:
    """End, as soon as there is one, a session that sleeps in such a query."""

    def end() -> None:
        found = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{database.name}' AND query {queries}"
            " AND wait_event = 'PgSleep'"
        )
        with database.server.admin() as admin:
            eventually(lambda: admin.execute(found.encode()).fetchone() is not None)

    thread = threading.Thread(target=end)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("queries", "kind"),
    [
        pytest.param("LIKE 'COPY %'", DumpError, id="COPY"),
        pytest.param("NOT LIKE 'COPY %'", InventoryError, id="count"),
    ],
)
def test_a_session_is_ended_in_the_middle_of_its_query(
    backups: BackupHarness, queries: str, kind: type[LifeboatError]
) -> None:
    slow_down(backups.database, queries)
    ending = terminate(backups.database, queries)
    error = fails(backups, kind)
    ending.join()
    assert "terminating connection" in error.what


def test_the_holder_of_the_snapshot_is_ended_before_the_dump(
    backups: BackupHarness, in_the_snapshot: Callable[[Callable[[], object]], list[int]]
) -> None:
    def end() -> None:
        backups.database.run(f"SELECT pg_terminate_backend({pids[0]})")

    pids = in_the_snapshot(end)
    error = fails(backups, StatementError)
    assert "terminating connection" in error.what
    assert pids


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE users",
        "ALTER TABLE users RENAME TO people",
        "ALTER TABLE users DROP COLUMN email",
        "TRUNCATE users",
        "DELETE FROM users",
        "CREATE TABLE late AS SELECT 1 AS i",
    ],
)
def test_what_is_done_to_tables_during_the_dump_is_not_in_it(
    backups: BackupHarness, statement: str
) -> None:
    """Either it waits for the dump, or the dump's snapshot doesn't see it."""
    threads: list[threading.Thread] = []

    def change(_: Any) -> None:
        threads.append(threading.Thread(target=backups.database.run, args=(statement,)))
        threads[0].start()
        time.sleep(0.2)

    with planned(backups.bucket.client, "UploadPart", change):
        manifest = backups.take().manifest
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert {table.name: table.rows for table in manifest.inventory.tables} == {"users": 1000}


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("DROP SEQUENCE numbers", "sequence public.numbers was dropped"),
        ("DROP VIEW seen", "view public.seen was dropped"),
        # These pg_dump does not notice: it writes them without what they do, or by another name.
        ("DROP FUNCTION double", "function public.double(integer) was dropped"),
        ("DROP FUNCTION triple", "function public.triple(integer) was dropped"),
        ("DROP STATISTICS known", "statistics public.known was dropped"),
        ("ALTER TYPE mood RENAME TO temper", "type public.mood was renamed"),
        pytest.param(
            "CREATE OR REPLACE FUNCTION double(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2'",
            "function public.double(integer) was altered or replaced",
            id="REPLACE FUNCTION double",
        ),
    ],
)
@pytest.mark.parametrize("often", [1, attempts.MAX_ATTEMPTS])
def test_what_no_lock_protects_is_changed_before_the_dump(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch, statement: str, seen: str, often: int
) -> None:
    """The backup begins anew; when that doesn't help, it is refused."""
    monkeypatch.setattr(attempts, "_FIRST_PAUSE", 0.01)
    read_source, done = inventory_queries.read_source, list[int]()
    made = (
        "DROP TYPE IF EXISTS mood, temper CASCADE",
        "DROP VIEW IF EXISTS seen",
        "CREATE SEQUENCE IF NOT EXISTS numbers",
        "CREATE VIEW seen AS SELECT 1 AS i",
        "CREATE OR REPLACE FUNCTION double(i int) RETURNS int LANGUAGE sql RETURN i * 2",
        "CREATE OR REPLACE FUNCTION triple(i int) RETURNS int LANGUAGE plpgsql"
        " AS 'BEGIN RETURN i * 3; END'",
        "CREATE STATISTICS IF NOT EXISTS known (dependencies) ON id, email FROM users",
        "CREATE TYPE mood AS ENUM ('sad')",
    )

    def change_first(connection: connect.Connection) -> Any:
        if len(done) < often:
            done.append(1)
            backups.database.run(statement)
        return read_source(connection)

    list_relations = snapshot.list_relations

    def make_first(connection: connect.Connection) -> Any:
        if not connection.info.transaction_status and len(done) < often:
            backups.database.run(*made)
        return list_relations(connection)

    monkeypatch.setattr(snapshot, "list_relations", make_first)
    monkeypatch.setattr(store_archive, "read_source", change_first)
    if often < attempts.MAX_ATTEMPTS:
        assert any(seen in note for note in backups.take().manifest.notes)
        return
    error = fails(backups, SchemaChangingError)
    assert seen in error.what
    assert "invoke the function again" in error.todo


def test_what_a_session_had_for_itself_may_go_during_a_backup(
    backups: BackupHarness, in_the_snapshot: Callable[[Callable[[], object]], list[int]]
) -> None:
    session = backups.database.connect()
    session.execute("CREATE FUNCTION pg_temp.own() RETURNS int LANGUAGE sql RETURN 1")
    done = in_the_snapshot(lambda: session.execute("DROP FUNCTION pg_temp.own()"))
    with session:
        assert backups.take().created
    assert done


@pytest.fixture
def reader(backups: BackupHarness) -> Iterator[str]:
    """The role that takes the backups, with a right to everything."""
    backups.database.run(
        "CREATE ROLE reader LOGIN PASSWORD 'bait-of-the-reader'",
        "GRANT pg_read_all_data TO reader",
    )
    server, name = backups.database.server, backups.database.name
    backups.secret = server.url(name, user="reader", password="bait-of-the-reader")
    yield "reader"
    backups.database.run("DROP OWNED BY reader", "DROP ROLE reader")


def test_a_role_loses_its_right_between_the_check_and_the_dump(
    backups: BackupHarness,
    reader: str,
    in_the_snapshot: Callable[[Callable[[], object]], list[int]],
) -> None:
    done = in_the_snapshot(lambda: backups.database.run(f"REVOKE pg_read_all_data FROM {reader}"))
    error = fails(backups, DumpError)
    assert done
    assert "permission denied" in error.what
    with pytest.raises(UnreadableError, match="users"):
        backups.take()


def test_an_impatient_role_does_not_end_a_backup_that_idles(
    backups: BackupHarness,
    reader: str,
    in_the_snapshot: Callable[[Callable[[], object]], list[int]],
) -> None:
    """Every session idles, waits and works for longer than the role is given."""
    for kind in ("idle_session", "idle_in_transaction_session", "transaction", "statement"):
        backups.database.run(f"ALTER ROLE {reader} SET {kind}_timeout = '50ms'")
    done = in_the_snapshot(lambda: time.sleep(0.3))
    assert backups.take().manifest.inventory.rows == 1000
    assert done


# --- refusals -------------------------------------------------------------------------------------


def test_a_database_that_accepts_no_connections_is_not_waited_for(backups: BackupHarness) -> None:
    name = backups.database.name
    with backups.database.server.admin() as admin:
        admin.autocommit = True
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        backups.seconds = 30
        # One pause, and the run would be out of time.
        with set_testing(wake_pause_seconds=60), pytest.raises(ConnectError) as caught:
            backups.take()
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
    assert "ALLOW_CONNECTIONS true" in caught.value.todo
    backups.assert_nothing_was_published()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("limit", "of"), [(0, "DATABASE"), (1, "ROLE")])
def test_too_few_connections_are_reported_with_what_allows_more(
    backups: BackupHarness, reader: str, limit: int, of: str
) -> None:
    """One is not enough either: the snapshot is held while the tables are looked at."""
    name = backups.database.name if of == "DATABASE" else reader
    backups.database.run(f"ALTER {of} {name} CONNECTION LIMIT {limit}")
    error = fails(backups, ConnectError)
    assert "too many connections" in error.what
    assert "CONNECTION LIMIT" in error.todo


# --- contents -------------------------------------------------------------------------------------


@pytest.fixture
def nameless(backups: BackupHarness, new_database: Callable[..., Database]) -> BackupHarness:
    """A database that says nothing about its encoding, with bytes that are no UTF-8."""
    database = new_database(options=NAMELESS)
    database.run("CREATE TABLE t (v text)", r"INSERT INTO t VALUES (E'\xff\xfe')")
    backups.database = database
    return backups


def run_raw(database: Database, statement: str) -> None:
    """In bytes of which the server knows no encoding."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET client_encoding = 'SQL_ASCII'")
        connection.execute(statement.encode("latin-1"))


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE TABLE "größe" (i int)',
        'CREATE SCHEMA "größe" CREATE TABLE t (i int)',
        'CREATE SEQUENCE "größe"',
    ],
)
def test_a_name_that_is_no_utf8_is_refused_with_statements_that_cure_it(
    nameless: BackupHarness, statement: str
) -> None:
    run_raw(nameless.database, statement)
    error = fails(nameless, UnreadableError)
    assert r"gr\xf6\xdfe" in error.what
    nameless.database.run(*(line for line in error.todo.splitlines() if line.startswith("  ")))
    assert nameless.take().created


def test_bytes_that_are_no_utf8_are_kept_in_rows_and_in_columns_names(
    nameless: BackupHarness, new_database: Callable[..., Database]
) -> None:
    run_raw(nameless.database, 'ALTER TABLE t RENAME COLUMN v TO "größe"')
    assert nameless.take().created
    copy = new_database(options=NAMELESS)
    nameless.restore(copy)
    raw = "SELECT convert_to(attname, 'SQL_ASCII') FROM pg_attribute WHERE attnum = 1"
    assert copy.value(f"{raw} AND attrelid = 't'::regclass") == "größe".encode("latin-1")
    assert copy.value("SELECT convert_to(t::text, 'SQL_ASCII') FROM t") == b"(\xff\xfe)"


def test_a_row_of_many_wide_columns(backups: BackupHarness) -> None:
    columns = ", ".join(f"repeat('{i % 10}', 4000) AS c{i}" for i in range(400))
    backups.database.run(f"CREATE TABLE wide AS SELECT {columns} FROM generate_series(1, 3)")
    tables = backups.take().manifest.inventory.tables
    assert {table.name: table.rows for table in tables} == {"users": 1000, "wide": 3}


# --- restores -------------------------------------------------------------------------------------


def test_a_swap_waits_only_so_long_for_a_lock_on_the_databases(restores: RestoreHarness) -> None:
    restores.backups.take()
    plan = restores.ask(restores.restore()["next_event"])
    names = databases(restores.live)
    with restores.live.server.admin() as other, other.transaction():
        other.execute(f"COMMENT ON DATABASE {restores.live.name} IS 'being altered'".encode())
        other.execute(f"ALTER DATABASE {restores.live.name} SET work_mem = '5MB'".encode())
        with set_testing(swap_lock_seconds=0.3), pytest.raises(TargetError) as caught:
            restores.ask(plan["next_event"])
    assert databases(restores.live) == names
    assert "have the names that they had" in caught.value.safe
    assert restores.ask(plan["next_event"])["live_database"] == restores.live.name


@pytest.mark.usefixtures("impatient")
def test_a_target_that_has_no_connection_left(restores: RestoreHarness) -> None:
    restores.backups.take()
    restores.live.run("CREATE ROLE lonely LOGIN CREATEDB PASSWORD 'bait' CONNECTION LIMIT 0")
    try:
        restores.give_target(restores.live, user="lonely", password="bait")
        with pytest.raises(ConnectError) as caught:
            restores.restore(target=restores.settings["target_secret_arns"][0], owners="none")
    finally:
        restores.live.run("DROP ROLE lonely")
    assert "CONNECTION LIMIT" in caught.value.todo
    assert databases(restores.live) == {restores.live.name}
