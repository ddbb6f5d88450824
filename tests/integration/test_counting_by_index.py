"""An index counts what was written; a table's file counts what is there."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lifeboat.errors import RowsLostError
from lifeboat.postgres.connect import open_again
from lifeboat.postgres.count_rows import count_rows, read_rows
from lifeboat.postgres.snapshot import list_relations
from tests.support.backup_harness import BackupHarness, Database, login_of

PAGE = 8192

FILLED = (
    "CREATE TABLE events (id int PRIMARY KEY, what text)",
    "INSERT INTO events SELECT i, repeat('x', 50) FROM generate_series(1, 8000) i",
)
"""Rows so short that the planner prefers to read the table."""


@pytest.fixture(params=(14, 18))
def database(request: pytest.FixtureRequest, new_database: Callable[..., Database]) -> Database:
    """VACUUM marks no page whose commit isn't on disk yet, so each commit waits for that."""
    made = new_database(request.param)
    made.run(f"ALTER DATABASE {made.name} SET synchronous_commit = on")
    return made


def file_of(database: Database, relation: str) -> Path:
    path = database.value(f"SELECT pg_relation_filepath('{relation}')")
    return database.server.data / str(path)


def test_a_table_that_has_lost_half_of_its_file_is_no_backup(
    backups: BackupHarness, database: Database
) -> None:
    backups.database = database
    database.run(*FILLED, "VACUUM events", "CHECKPOINT")
    file = file_of(database, "events")
    os.truncate(file, file.stat().st_size // PAGE // 2 * PAGE)
    left = database.value("SELECT count(*) FROM events WHERE what <> ''")
    assert 0 < left < 8000
    with pytest.raises(RowsLostError) as caught:
        backups.take()
    said = f"public.events: 8000 rows by its index, {left} in the table and in the archive"
    assert said in caught.value.what
    assert "VACUUM (DISABLE_PAGE_SKIPPING) public.events;" in caught.value.todo
    backups.assert_nothing_was_published()


def test_a_table_whose_index_lacks_rows_is_backed_up_and_the_index_named(
    backups: BackupHarness, database: Database
) -> None:
    backups.database = database
    ready = "UPDATE pg_index SET indisready = {} WHERE indexrelid = 'events_pkey'::regclass"
    database.run(*FILLED, ready.format("false"))
    database.run("INSERT INTO events VALUES (0, 'unindexed')")
    database.run(ready.format("true"), "VACUUM events")
    manifest = backups.take().manifest
    assert [(table.name, table.rows) for table in manifest.inventory.tables] == [("events", 8001)]
    (note,) = manifest.notes
    assert "it has 8000, the table and the archive 8001" in note
    assert "REINDEX TABLE CONCURRENTLY public.events" in note


def test_a_table_is_counted_by_its_index_only_where_that_is_vacuumed_and_readable(
    database: Database,
) -> None:
    names = ("visible", "untouched", "damaged", "expressed")
    database.run(
        *(f"CREATE TABLE {name} (id int)" for name in names),
        *(f"INSERT INTO {name} SELECT generate_series(1, 2000)" for name in names),
        *(f"VACUUM {name}" for name in names if name != "untouched"),
        *(f"CREATE INDEX {name}_id ON {name} (id)" for name in names if name != "expressed"),
        "CREATE INDEX ON expressed (abs(id))",
        "CREATE INDEX ON expressed (id) WHERE id > 7",
        "CHECKPOINT",
    )
    # As a file of another number, of which the server has nothing in memory.
    sound = file_of(database, "damaged_id")
    damaged = sound.with_name(f"{sound.name}0")
    damaged.write_bytes(sound.read_bytes()[:PAGE] + b"\xff" * 9 * PAGE)
    shutil.copystat(sound, damaged)
    stat = sound.stat()
    os.chown(damaged, stat.st_uid, stat.st_gid)
    database.run(
        f"UPDATE pg_class SET relfilenode = {damaged.name} WHERE oid = 'damaged_id'::regclass"
    )
    with closing(open_again(login_of(database.url))) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        relations = list_relations(connection)
        counted = count_rows(connection, relations, lambda *_: 0, by_index=True)
        scans = connection.execute(
            "SELECT relname, seq_scan, idx_scan FROM pg_catalog.pg_stat_xact_user_tables"
        ).fetchall()
        assert connection.execute("SHOW enable_seqscan").fetchone() == ("on",)
        gone = replace(relations[0], name="gone", loaded_name="gone")
        read = read_rows(connection, [*relations, gone])
    assert {table.name: table.rows for table in counted} == dict.fromkeys(names, 2000)
    assert read == {("public", name): 2000 for name in names}
    by_table = {str(name): (seq, idx) for name, seq, idx in scans}
    assert by_table["visible"][0] == 0
    assert by_table["untouched"] == by_table["expressed"] == (1, 0)
    assert by_table["damaged"][0] == 1
