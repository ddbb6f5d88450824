"""A backup holds exactly what its snapshot held, on every major, also while others write."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from lifeboat.model.inventory import Inventory
from lifeboat.postgres.inventory_queries import read_sequences
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import MAJORS, BackupHarness, Bucket, Database, run_program
from tests.support.schemas import ODDITIES


@pytest.mark.parametrize("major", MAJORS)
def test_a_restored_backup_is_the_database_again(
    major: int,
    new_database: Callable[..., Database],
    bucket: Bucket,
    programs: Programs,
    tmp_path: Path,
) -> None:
    source, copy = new_database(major), new_database(major)
    source.run(*ODDITIES)
    backups = BackupHarness(source, bucket, programs, tmp_path)

    manifest = backups.take().manifest
    backups.restore(copy)

    rows = {(t.schema, t.name): t.rows for t in manifest.inventory.tables}
    assert rows["public", "two\nlines"] == 3
    assert rows['Odd " Schema', "COPY x (a) FROM stdin;"] == 17
    assert rows["public", "no_columns"] == 2
    assert rows["public", "parent"] == 3
    assert sum(n for (_, name), n in rows.items() if name.startswith("events")) == 13
    assert manifest.inventory.large_objects == 3
    assert source.inventory() == copy.inventory()
    assert bare(manifest.inventory) == bare(source.inventory())
    with copy.connect() as connection:
        assert read_sequences(connection) == tuple(
            sorted(manifest.inventory.sequences, key=lambda s: (s.schema, s.name))
        )
    assert {s.name for s in manifest.inventory.sequences} == {
        "odd \" 'seq\\",
        "never_used",
        "identities_id_seq",
    }


def bare(inventory: Inventory) -> Inventory:
    """An inventory without what only an archive tells."""
    return inventory.model_copy(
        update={
            "tables": tuple(replace(table, digest=None) for table in inventory.tables),
            "sequences": (),
            "large_objects_digest": None,
        }
    )


def test_rows_written_during_the_backup_are_all_in_or_all_out(
    backups: BackupHarness, new_database: Callable[..., Database]
) -> None:
    backups.database.run("CREATE TABLE ledger (batch int, part int)")
    with _writer(backups.database) as wrote:
        wrote.wait(10)
        manifest = backups.take().manifest
    copy = new_database()
    backups.restore(copy)
    ledger = next(t for t in manifest.inventory.tables if t.name == "ledger")
    assert ledger.rows == copy.value("SELECT count(*) FROM ledger")
    assert ledger.rows > 0
    assert (
        copy.value(
            "SELECT count(*) FROM (SELECT FROM ledger GROUP BY batch HAVING count(*) <> 10) broken"
        )
        == 0
    )
    assert backups.database.value("SELECT count(*) FROM ledger") > ledger.rows


@contextmanager
def _writer(database: Database) -> Iterator[threading.Event]:
    """Writes batches of ten rows, each in one transaction, until the block is left."""
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        with database.connect() as connection:
            batch = 0
            while not stop.is_set():
                batch += 1
                connection.execute("INSERT INTO ledger SELECT %s, generate_series(1, 10)", [batch])
                wrote.set()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield wrote
    finally:
        stop.set()
        thread.join()


def test_two_thousand_tables_are_one_backup(backups: BackupHarness) -> None:
    backups.database.run(
        "DO $$ BEGIN FOR i IN 1..2000 LOOP"
        " EXECUTE format('CREATE TABLE many_%s (id int)', i);"
        " IF i % 100 = 0 THEN COMMIT; END IF; END LOOP; END $$",
        "INSERT INTO many_7 SELECT generate_series(1, 7)",
    )
    manifest = backups.take().manifest
    assert len(manifest.inventory.tables) == 2001
    assert manifest.inventory.rows == 1007


def test_excluded_tables_are_restored_empty(
    backups: BackupHarness, new_database: Callable[..., Database]
) -> None:
    backups.database.run(
        'CREATE TABLE "Click.Log" (at int) PARTITION BY RANGE (at)',
        'CREATE TABLE "Click.Log 1" PARTITION OF "Click.Log" FOR VALUES FROM (0) TO (100)',
        'INSERT INTO "Click.Log" SELECT generate_series(0, 50)',
    )
    backups.settings["database"] = {
        "exclude_table_data": ['public."Click.Log"', "public.long_gone"]
    }
    manifest = backups.take().manifest
    log = next(t for t in manifest.inventory.tables if t.name == "Click.Log 1")
    assert (log.data_excluded, log.rows) == (True, 0)
    assert manifest.inventory.rows == 1000
    assert any("public.long_gone" in note for note in manifest.notes)
    copy = new_database()
    backups.restore(copy)
    assert copy.value('SELECT count(*) FROM "Click.Log"') == 0
    assert copy.value("SELECT count(*) FROM users") == 1000


def test_globals_hold_the_roles_without_their_passwords(backups: BackupHarness) -> None:
    backups.database.run(
        "DROP ROLE IF EXISTS keeper_of_globals",
        "CREATE ROLE keeper_of_globals LOGIN PASSWORD 'bait-for-globals'",
    )
    backups.take()
    script = backups.bucket.read(backups.location.globals_key).decode()
    assert "CREATE ROLE keeper_of_globals" in script
    assert "PASSWORD" not in script.replace("NOPASSWORD", "")


def test_a_database_that_is_not_in_utf8_is_archived_in_utf8(
    new_database: Callable[..., Database],
    bucket: Bucket,
    programs: Programs,
    tmp_path: Path,
) -> None:
    latin = new_database(options="ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
    latin.run('CREATE TABLE "größe" (v text)', "INSERT INTO \"größe\" VALUES ('Äpfel')")
    backups = BackupHarness(latin, bucket, programs, tmp_path)
    manifest = backups.take().manifest
    assert manifest.source.encoding == "LATIN1"
    assert [t.name for t in manifest.inventory.tables] == ["größe"]
    copy = new_database()
    backups.restore(copy)
    assert copy.value('SELECT v FROM "größe"') == "Äpfel"


def test_a_database_of_no_known_encoding_is_archived_as_it_is_with_a_note(
    new_database: Callable[..., Database],
    bucket: Bucket,
    programs: Programs,
    tmp_path: Path,
) -> None:
    options = "ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0"
    source, copy = new_database(options=options), new_database(options=options)
    source.run("CREATE TABLE t (v text)", r"INSERT INTO t VALUES (E'\xff\xfe')")
    backups = BackupHarness(source, bucket, programs, tmp_path)
    manifest = backups.take().manifest
    assert any("SQL_ASCII" in note for note in manifest.notes)
    backups.restore(copy)
    hexadecimal = "SELECT encode(convert_to(v, 'SQL_ASCII'), 'hex') FROM t"
    assert copy.value(hexadecimal) == source.value(hexadecimal) == b"fffe"


def test_the_archive_is_a_plain_custom_file_of_the_servers_major(
    backups: BackupHarness, tmp_path: Path
) -> None:
    backups.take()
    path = tmp_path / "archive.dump"
    path.write_bytes(backups.bucket.read(backups.location.archive_key))
    listing = run_program([backups.database.server.programs / "pg_restore", "--list", path])
    assert "Format: CUSTOM" in listing
    assert "Compression: zstd" in listing
    assert f"Dumped by pg_dump version: {backups.database.server.major}." in listing


def test_settings_choose_the_compression(backups: BackupHarness) -> None:
    backups.settings["backup"] = {"compression": "gzip:9"}
    assert backups.take().manifest.archive.compression == "gzip:9"


def test_a_connection_to_the_database_ends_with_the_backup(backups: BackupHarness) -> None:
    backups.take()
    with (
        backups.database.connect() as connection,
        connection.cursor(row_factory=psycopg.rows.scalar_row) as cursor,
    ):
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == 0
