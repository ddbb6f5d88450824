"""A backup may be taken from a hot standby, to spare the primary."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from local import postgres as local_postgres
from local.ports import free_port
from local.postgres import PostgresServer
from local.run_as import UnprivilegedUser
from tests.races.course import Start, line_up, run
from tests.races.types import TYPES
from tests.support.backup_harness import BackupHarness, Database, eventually

FIXED_IN_18 = 7


@contextmanager
def standby_of(primary: PostgresServer, root: Path) -> Iterator[PostgresServer]:
    """A hot standby, made by PostgreSQL's low-level backup functions."""
    account = UnprivilegedUser.of_caller()
    home = account.make_home("lifeboat-pg-", root, local_postgres.MAX_PARENT_BYTES)
    data, port = home / "data", free_port()
    with primary.admin() as admin:
        admin.execute("SELECT pg_backup_start('standby', true)")
        come_and_go = shutil.ignore_patterns("postmaster.pid", "pg_internal.init*", "pgsql_tmp*")
        shutil.copytree(primary.data, data, ignore=come_and_go)
        row = admin.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
    assert row
    shutil.copytree(primary.data / "pg_wal", data / "pg_wal", dirs_exist_ok=True)
    (data / "backup_label").write_text(row[0])
    (data / "standby.signal").touch()
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"port = {port}\nunix_socket_directories = '{home}'\n")
    account.receive(home)
    with PostgresServer(
        major=primary.major,
        port=port,
        password=primary.password,
        home=home,
        programs=primary.programs,
        ca_file=None,
        supervised=local_postgres._launch(primary.programs, home, account),
    ) as server:
        yield server


def test_a_standby_is_backed_up_without_the_rows_that_it_lacks(
    backups: BackupHarness, tmp_path: Path
) -> None:
    with PostgresServer.start(
        major=18, root=tmp_path, settings={"wal_level": "replica", "max_wal_senders": "2"}
    ) as primary:
        database = Database.create(primary, "app")
        database.run(
            "CREATE TABLE kept AS SELECT generate_series(1, 70) AS id",
            "CREATE UNLOGGED TABLE cache AS SELECT generate_series(1, 7) AS id",
        )
        with standby_of(primary, tmp_path) as standby:
            backups.database = replace(database, server=standby)
            assert backups.database.value("SELECT pg_is_in_recovery()")
            manifest = backups.take().manifest
    tables = {t.name: (t.rows, t.data_excluded) for t in manifest.inventory.tables}
    assert tables == {"kept": (70, False), "cache": (0, True)}
    assert any("public.cache" in note and "standby" in note for note in manifest.notes)
    assert manifest.source.standby
    release = manifest.source.server_version.split()[0]
    if int(release.split(".")[1]) < FIXED_IN_18:
        assert any(f"a standby with PostgreSQL {release}" in note for note in manifest.notes)


def test_a_change_that_reaches_a_standby_in_the_middle_makes_its_backup_begin_anew(
    backups: BackupHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a standby that follows its primary, the change comes by the write-ahead log."""
    follows = {"wal_level": "replica", "max_wal_senders": "4"}
    with PostgresServer.start(major=18, root=tmp_path, settings=follows) as primary:
        database = Database.create(primary, "app")
        racers = line_up(database, [kind for kind in TYPES if kind.name == "enum label rename"])
        with standby_of(primary, tmp_path) as standby:
            copy = replace(database, server=standby)
            with standby.admin() as admin:
                admin.autocommit = True
                source = primary.url().replace("'", "''")
                admin.execute(f"ALTER SYSTEM SET primary_conninfo = '{source}'".encode())
                admin.execute("SELECT pg_reload_conf()")

            def change() -> None:
                run(database, racers)
                label = "SELECT count(*) FROM pg_enum WHERE enumlabel = 'unhappy'"
                eventually(lambda: bool(copy.value(label)))

            Start("before").give(monkeypatch, change)
            backups.database = copy
            notes = backups.take().manifest.notes
    assert any('enum label "sad" of k0.mood was renamed' in note for note in notes)
