"""Rows are counted whatever hangs on a table: what pg_dump can dump gets a backup."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from lifeboat.errors import CapacityError
from lifeboat.postgres.connect import open_again
from lifeboat.postgres.count_rows import count_rows
from lifeboat.postgres.snapshot import list_relations
from lifeboat.recovery.count_copy import count_copy
from local.postgres import PostgresServer
from tests.support.backup_harness import BackupHarness, Database, login_of

FIRST_AND_LAST = (14, 18)

NEEDS_THE_SEARCH_PATH = (
    "CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2'",
    "CREATE FUNCTION quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 4'",
    "CREATE TABLE expressions AS SELECT generate_series(1, 11) AS i",
    "CREATE INDEX ON expressions (quarter(i))",
    "CREATE TABLE predicates AS SELECT generate_series(1, 12) AS i",
    "CREATE INDEX ON predicates (i) WHERE quarter(i) > 0",
    "CREATE TABLE exclusions (i int, EXCLUDE ((quarter(i) * 100 + i) WITH =))",
    "INSERT INTO exclusions SELECT generate_series(1, 13)",
    "CREATE TABLE statistic AS SELECT i, i AS j FROM generate_series(1, 14) i",
    "CREATE STATISTICS s ON quarter(i), j FROM statistic",
    # From 17 on, an index can be made of such a function only before it is one.
    "CREATE OR REPLACE FUNCTION quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS"
    " 'SELECT half(half($1))'",
)
"""Planning `count(*)` inlines these functions, which find each other by the search path only."""

REFUSE_TO_BE_PLANNED = (
    "CREATE TABLE witness (what text)",
    "CREATE FUNCTION sly(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
    "CREATE TABLE writing AS SELECT generate_series(1, 15) AS i",
    "CREATE INDEX ON writing ((i + sly(1)))",
    "CREATE TABLE changing AS SELECT generate_series(1, 16) AS i",
    "CREATE FUNCTION settled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
    "CREATE INDEX ON changing ((i + settled(1)))",
    "CREATE FUNCTION write() RETURNS int LANGUAGE sql AS"
    " $$ INSERT INTO public.witness VALUES ('planned'); SELECT 1 $$",
    "CREATE OR REPLACE FUNCTION sly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
    " $$ BEGIN RETURN public.write(); END $$",
    "CREATE OR REPLACE FUNCTION settled(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
    " $$ BEGIN PERFORM set_config('search_path', 'nowhere', false);"
    " PERFORM set_config('lock_timeout', '1', false); RETURN 1; END $$",
)
"""When it is planned, one function writes, which fails, and one sets what is undone later."""


@pytest.mark.parametrize("major", FIRST_AND_LAST)
def test_what_the_planner_runs_of_a_users_fails_no_backup(
    major: int, backups: BackupHarness, new_database: Callable[..., Database]
) -> None:
    database = backups.database = new_database(major)
    database.run(*NEEDS_THE_SEARCH_PATH, *REFUSE_TO_BE_PLANNED)
    manifest = backups.take().manifest
    assert {t.name: t.rows for t in manifest.inventory.tables} == {
        "expressions": 11,
        "predicates": 12,
        "exclusions": 13,
        "statistic": 14,
        "writing": 15,
        "changing": 16,
        "witness": 0,
    }
    (note,) = manifest.notes
    assert "public.writing (cannot execute INSERT in a read-only transaction)" in note
    assert database.value("SELECT count(*) FROM witness") == 0


def test_an_index_that_is_being_made_anew_keeps_no_backup_waiting(backups: BackupHarness) -> None:
    backups.settings["backup"] = {"lock_wait_seconds": 1}
    with backups.database.connect() as client, client.transaction():
        client.execute("REINDEX INDEX users_pkey")
        manifest = backups.take().manifest
    assert manifest.inventory.rows == 1000
    (note,) = manifest.notes
    assert "public.users (canceling statement due to lock timeout)" in note


def test_a_copy_that_cannot_be_counted_is_read_and_its_functions_set_nothing(
    new_database: Callable[..., Database],
) -> None:
    database = new_database()
    database.run(*NEEDS_THE_SEARCH_PATH, *REFUSE_TO_BE_PLANNED)
    show = "SELECT current_setting('search_path') || current_setting('lock_timeout')"
    with closing(open_again(login_of(database.url))) as connection:
        before = connection.execute(show).fetchone()
        tables = count_copy(connection).tables
        assert sum(table.rows for table in tables) == sum(range(11, 17))
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            count_rows(connection, list_relations(connection), lambda *_: 0)
            assert connection.execute(show).fetchone() == before


def cramped(major: int, root: Path, locks: str) -> PostgresServer:
    """A server whose lock table has room for some 17 transactions with so many locks."""
    settings = {
        "max_locks_per_transaction": locks,
        "max_connections": "12",
        "superuser_reserved_connections": "0",
        "max_worker_processes": "1",
        "autovacuum_max_workers": "1",
        "max_wal_senders": "0",
        "wal_level": "minimal",
        **({"autovacuum_worker_slots": "1"} if major >= 18 else {}),
    }
    return PostgresServer.start(major=major, root=root, settings=settings)


def make_tables(database: Database, first: int, last: int, indexes: int = 0) -> None:
    database.run(
        f"DO $$ BEGIN FOR i IN {first}..{last - 1} LOOP"
        " EXECUTE format('CREATE TABLE t%s (id int)', i);"
        f" FOR j IN 1..{indexes} LOOP EXECUTE format('CREATE INDEX ON t%s (id)', i); END LOOP;"
        " IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$"
    )


@pytest.mark.parametrize("major", FIRST_AND_LAST)
def test_the_locks_of_many_tables_and_indexes_fit_or_the_error_says_what_would(
    major: int, backups: BackupHarness, tmp_path: Path
) -> None:
    with cramped(major, tmp_path, "40") as server:
        backups.database = Database.create(server, "many")
        make_tables(backups.database, 0, 250, indexes=4)
        manifest = backups.take().manifest
        assert (len(manifest.inventory.tables), manifest.notes) == (250, ())
        make_tables(backups.database, 250, 600)
        backups.scheduled_at -= timedelta(days=1)
        require_named(backups, 600)  # by pg_dump
        make_tables(backups.database, 600, 1200)
        error = require_named(backups, 1200)  # by the session that holds the snapshot
    wanted = error.todo.partition(" to ")[2].partition(" ")[0]
    with cramped(major, tmp_path, wanted) as server:
        backups.database = Database.create(server, "many")
        make_tables(backups.database, 0, 1200)
        assert len(backups.take().manifest.inventory.tables) == 1200


def require_named(backups: BackupHarness, tables: int) -> CapacityError:
    with pytest.raises(CapacityError) as caught:
        backups.take()
    assert f"all {tables:,} tables" in caught.value.what
    assert "max_locks_per_transaction = 40 with 12 connections" in caught.value.what
    return caught.value
