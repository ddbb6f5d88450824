"""Where a database itself can't be restored whole, drills and restores say what cures it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import Database
from tests.support.doc_pages import RUNBOOKS, Page, filled
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness, refused

FAULTS = (
    "CREATE FUNCTION plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT trim($1)$$",
    "CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT plain($1)$$",
    "CREATE FUNCTION title(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS"
    " $$BEGIN RETURN plain($1); END$$",
    "CREATE TABLE posts (t text, s text GENERATED ALWAYS AS (slug(t)) STORED)",
    "INSERT INTO posts VALUES (' a ')",
    "CREATE TABLE titles (t text CHECK (title(t) <> ''))",
    "INSERT INTO titles VALUES (' b ')",
    "CREATE TABLE orders (user_id int)",
    "INSERT INTO orders VALUES (-7)",
    "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES keys NOT VALID",
    "UPDATE pg_constraint SET convalidated = true WHERE conrelid = 'orders'::regclass",
    "CREATE TABLE doubles (id int)",
    "CREATE UNIQUE INDEX doubles_id ON doubles (id)",
    "UPDATE pg_index SET indisunique = false WHERE indexrelid = 'doubles_id'::regclass",
    "INSERT INTO doubles VALUES (1), (1)",
    "UPDATE pg_index SET indisunique = true WHERE indexrelid = 'doubles_id'::regclass",
    "CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'",
    "CREATE TABLE odd (id int CHECK (known(id)))",
    "INSERT INTO odd VALUES (1)",
    "CREATE OR REPLACE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'",
)

CURES = (
    "ALTER FUNCTION slug(<its arguments>) SET search_path",
    "ALTER FUNCTION public.title(text) SET search_path",
    "drop the key and add it again with NOT VALID",
    "A CHECK refuses rows that the source has",
    "rows that its unique index should have refused",
)


def test_the_cure_is_told_by_a_drill_and_by_a_failed_restore(
    drills: DrillHarness, programs: Programs, new_database: Callable[..., Database]
) -> None:
    drills.backups.database = live = new_database(17)
    live.run(
        "CREATE TABLE keys (id int PRIMARY KEY)",
        "SET allow_system_table_mods = on; " + "; ".join(FAULTS),
    )
    drills.backups.take()
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert [each for each in CURES if each not in str(report.advice)] == []
    with RestoreHarness.open(drills.backups, programs) as restores:
        error = refused(restores.restore)
    assert [each for each in CURES if each not in error.todo] == []
    assert "lifeboat-is-gone.md#if-a-function-misses-its-search-path" in error.todo


def test_what_misses_its_search_path_is_restored_as_the_runbook_says(
    drills: DrillHarness, new_database: Callable[..., Database], tmp_path: Path
) -> None:
    drills.backups.database = live = new_database(17)
    live.run(*FAULTS[:5])
    drills.backups.take()
    archive = tmp_path / "archive.dump"
    archive.write_bytes(drills.backups.bucket.read(drills.backups.location.archive_key))
    copy = new_database(17)
    known = {
        "URL of postgres": live.server.url(),
        "URL of the new database": copy.url,
        "schemas": "public",
        "function": "public.slug(text)",
    }
    for block in Page.read(RUNBOOKS / "lifeboat-is-gone.md").blocks:
        if block.section == "If a function misses its search path":
            run_on_the_page(filled(block.text, known), archive, copy)
    assert copy.value("SELECT t || '|' || s FROM posts") == " a |a"


def run_on_the_page(command: str, archive: Path, copy: Database) -> None:
    """As a person would; psql itself is not among our programs."""
    if "pg_restore" in command:
        path = f"{copy.server.programs}:/usr/bin:/bin"
        shell = ["/bin/bash", "-euc", command]
        subprocess.run(shell, cwd=archive.parent, env={"PATH": path}, check=True)
    elif "definitions.sql" in command:
        lines = (archive.parent / "definitions.sql").read_text().split("\n")
        copy.run("\n".join(line for line in lines if not line.startswith("\\")))
    elif "ALTER FUNCTION" in command:
        copy.run(command.partition(' -c "')[2].rstrip().removesuffix('"'))
