"""An archive with the notes that a server of a newer minor keeps on its columns comes back whole.

These servers aren't to be had for all majors, so their notes are written into the catalog by hand.
"""

import gzip
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import Database, run_program
from tests.support.counting import with_counter
from tests.support.doc_pages import RUNBOOKS, Page, filled
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness
from tests.support.rows_at_load import checksum_of, contents

FORMATS = (14, 16, 18)
"""Majors of which each writes another version of the archive's format."""

LIKE = "ALTER TABLE ONLY public.plain ALTER COLUMN id SET (pg_attver=1);"

SCHEMA = (
    f"CREATE FUNCTION fooling() RETURNS text LANGUAGE sql AS $$ SELECT ';\n{LIKE}\n'::text; $$",
    f"CREATE TABLE plain (id int DEFAULT 5, note text DEFAULT ';\n{LIKE}\n')",
    f"COMMENT ON TABLE plain IS ';\n{LIKE}\n'",
    f"INSERT INTO plain SELECT i, ';\n{LIKE}\n' FROM generate_series(1, 100) i",
    "ALTER TABLE plain ALTER COLUMN id SET (n_distinct = 7), ALTER COLUMN id SET STATISTICS 77",
    "ALTER TABLE plain ALTER COLUMN note SET (n_distinct_inherited = -0.5)",
    'CREATE TABLE "odd; ""one""" ("x; (y)" int, "ö" text)',
    'INSERT INTO "odd; ""one""" VALUES (1, \'ü\')',
    "CREATE TABLE parts (id int, b text) PARTITION BY RANGE (id)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100)",
    "INSERT INTO parts SELECT generate_series(1, 50), 'x'",
    "CREATE FOREIGN DATA WRAPPER nowhere",
    "CREATE SERVER away FOREIGN DATA WRAPPER nowhere",
    "CREATE FOREIGN TABLE far (id int) SERVER away",
    f"CREATE MATERIALIZED VIEW seen AS SELECT id, ';\n{LIKE}\n'::text AS b FROM plain",
    "CREATE VIEW looking AS SELECT id FROM plain",
    "CREATE TYPE pair AS (a int, b text)",
)

NOTE = (
    "SET allow_system_table_mods = on; UPDATE pg_attribute SET attoptions ="
    " array_prepend('pg_attver=' || 219216000 + attnum, attoptions) WHERE attnum > 0 AND attrelid"
    " IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i')"
)
"""On each column, before the options that it has."""


OPTIONS = (
    "SELECT array_agg(attname || ': ' || attoptions::text ORDER BY 1) FROM pg_attribute"
    " WHERE attoptions IS NOT NULL"
)
KEPT = ["id: {n_distinct=7}", "note: {n_distinct_inherited=-0.5}"]


@pytest.fixture(params=FORMATS)
def source(
    request: pytest.FixtureRequest, drills: DrillHarness, new_database: Callable[..., Database]
) -> Database:
    """Backed up."""
    database = drills.backups.database = new_database(request.param)
    database.run(*SCHEMA, NOTE)
    drills.backups.take()
    return database


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


def definitions(database: Database) -> list[str]:
    """By stock pg_dump, without the notes."""
    dump = [str(database.server.programs / "pg_dump"), "--schema-only", database.url]
    return without_notes(run_program(dump))


def without_notes(script: str) -> list[str]:
    """A script's lines, but for the notes, and for the key that each script has of its own."""
    script = re.sub(r"(?m)^\\(un)?restrict .*$", "", script)
    script = re.sub(r"(?m)^.* SET \(pg_attver=2192160\d\d\);\n", "", script)
    script = re.sub(r"pg_attver=2192160\d\d, ", "", script)
    return [line.rstrip() for line in script.split("\n") if line.strip()]


def restored_by_the_page(archive: Path, copy: Database) -> None:
    """As the runbook says it; psql itself is not among our programs."""
    page = Page.read(RUNBOOKS / "lifeboat-is-gone.md")
    there = [block for block in page.blocks if block.section == "If it says pg_attver"]
    later = [block for block in page.blocks if "--section=post-data" in block.text]
    for block in (*there, *later):
        if "pg_restore" in block.text:
            command = filled(block.text, {"URL of the new database": copy.url})
            path = f"{copy.server.programs}:/usr/bin:/bin"
            subprocess.run(
                ["/bin/bash", "-euc", command], cwd=archive.parent, env={"PATH": path}, check=True
            )
        elif "definitions.sql" in block.text:
            lines = (archive.parent / "definitions.sql").read_text().split("\n")
            copy.run("\n".join(line for line in lines if not line.startswith("\\")))


def test_a_restore_is_the_database_without_the_notes(
    source: Database, restores: RestoreHarness
) -> None:
    answer = restores.restore()
    copy = restores.copy(answer)
    assert answer["verdict"] == "proven", answer["reasons"]
    assert contents(copy) == contents(source)
    assert copy.value(OPTIONS) == KEPT
    assert definitions(copy) == definitions(source)


def test_some_tables_come_back_without_the_notes(
    source: Database, restores: RestoreHarness
) -> None:
    tables = ["public.plain", "public.parts", 'public."odd; ""one"""']
    answer = restores.ask(action="restore-tables", tables=tables, execute=True)
    assert answer["verdict"] == "proven", answer["reasons"]
    assert contents(restores.copy(answer)) == contents(source)


def test_an_export_has_no_notes(source: Database, restores: RestoreHarness) -> None:
    answer = restores.ask(action="export", execute=True)
    key = answer["file"].split("/", 3)[3]
    script = gzip.decompress(restores.backups.bucket.read(key)).decode()
    assert "pg_attver=2192160" not in script
    assert without_notes(script) == without_notes(stock_script(source, restores))


def stock_script(source: Database, restores: RestoreHarness) -> str:
    archive = restores.backups.scratch / "stock.dump"
    archive.write_bytes(restores.backups.bucket.read(restores.backups.location.archive_key))
    program = source.server.programs / "pg_restore"
    return run_program([program, "--no-owner", "--no-privileges", "--file=-", archive])


def test_the_runbooks_commands_bring_it_back_without_the_notes(
    source: Database, restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    archive = restores.backups.scratch / "archive.dump"
    archive.write_bytes(restores.backups.bucket.read(restores.backups.location.archive_key))
    copy = new_database(source.server.major)
    restored_by_the_page(archive, copy)
    assert contents(copy) == contents(source)
    assert copy.value(OPTIONS) == KEPT


def test_a_drill_proves_it(source: Database, drills: DrillHarness) -> None:
    drills.database["validation"] = [
        {"name": table, "sql": checksum_of(f"public.{table}"), "expect": f'value = "{checksum}"'}
        for table, checksum in contents(source).items()
        if table.isidentifier()
    ]
    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())


def test_a_backup_by_an_older_pg_dump_says_so(drills: DrillHarness, tmp_path: Path) -> None:
    """One that calls itself older: all that is to be had here is of the server's own minor."""
    backups = drills.backups
    assert backups.take().manifest.notes == ()
    real = backups.programs.root / "18" / "bin"
    folder = tmp_path / "programs" / "18" / "bin"
    folder.mkdir(parents=True)
    for name in ("pg_restore", "pg_dumpall"):
        (folder / name).symlink_to(real / name)
    (folder / "pg_dump").write_text(
        '#!/bin/sh\ncase "$*" in --version) echo "pg_dump (PostgreSQL) 18.0" ;;'
        f' *) exec {real}/pg_dump "$@" ;; esac\n'
    )
    (folder / "pg_dump").chmod(0o755)
    backups.programs, backups.scheduled_at = (
        with_counter(tmp_path / "programs"),
        backups.scheduled_at - timedelta(days=1),
    )
    (note,) = backups.take().manifest.notes
    assert "newer than the pg_dump 18.0" in note
