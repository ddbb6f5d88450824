"""What is set on the database itself comes back when the database is lost, its server too."""

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import LiteralString

import pytest
from psycopg import sql

from tests.support.backup_harness import TARGET_ARN, Database, run_program
from tests.support.doc_pages import RUNBOOKS, Page
from tests.support.restore_harness import RestoreHarness, properties, role, sweep

FIRST_AND_LAST = (14, 18)

NAMES = ("plain", 'Odd "name; DROP', "it's $1 \\ %s")

#: What pg_dump writes in every way that it knows.
SET: Sequence[LiteralString] = (
    'ALTER DATABASE {n} SET search_path = app, public, \'odd, "name\', "$user"',
    "ALTER DATABASE {n} SET app.settings.jwt_secret TO 'a''b\\c\nd; -- $$ %s " + '"' + "'",
    "ALTER DATABASE {n} SET session_preload_libraries = 'auto_explain'",
    "ALTER DATABASE {n} SET DateStyle = 'ISO, DMY'",
    "ALTER DATABASE {n} SET default_transaction_read_only = on",
    "ALTER DATABASE {n} SET session_replication_role = replica",
    "ALTER DATABASE {n} SET standard_conforming_strings = off",
    "ALTER DATABASE {n} SET temp_tablespaces = ''",
    "ALTER DATABASE {n} SET timezone = 'Europe/Vienna'",
    "ALTER ROLE \"the App\" IN DATABASE {n} SET statement_timeout = '3s'",
    'ALTER ROLE "the App" IN DATABASE {n} SET search_path = "Own"',
    "COMMENT ON DATABASE {n} IS 'it''s \\ a\ncomment; GRANT ALL'",
    "ALTER DATABASE {n} CONNECTION LIMIT 7",
    "REVOKE CONNECT ON DATABASE {n} FROM PUBLIC",
    'GRANT CREATE, CONNECT ON DATABASE {n} TO "the App"',
    "GRANT CONNECT ON DATABASE {n} TO granter WITH GRANT OPTION",
    "SET ROLE granter",
    "GRANT CONNECT ON DATABASE {n} TO reader",
    "RESET ROLE",
)

ROLES = ('"the Owner"', '"the App"', "granter", "reader")


def alter(database: Database, *statements: LiteralString) -> None:
    with database.server.admin() as admin:
        admin.autocommit = True
        for each in statements:
            text = sql.SQL(each.replace("{", "{{").replace("}", "}}").replace("{{n}}", "{n}"))
            admin.execute(text.format(n=sql.Identifier(database.name)))


@contextmanager
def named(database: Database, name: str) -> Iterator[Database]:
    with database.server.admin() as admin:
        admin.autocommit = True
        names = (sql.Identifier(database.name), sql.Identifier(name))
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    renamed = Database(database.server, name)
    try:
        yield renamed
    finally:
        renamed.drop()


@contextmanager
def its_roles(on: Database) -> Iterator[None]:
    with (
        role(on, ROLES[0], "NOLOGIN"),
        role(on, ROLES[1], "NOLOGIN"),
        role(on, ROLES[2], "NOLOGIN"),
        role(on, ROLES[3], "NOLOGIN"),
    ):
        yield


@pytest.mark.parametrize("major", FIRST_AND_LAST)
@pytest.mark.parametrize("name", NAMES)
def test_a_lost_database_gets_back_all_that_was_set_on_it(
    name: str, major: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    anchor = new_database(major)
    with its_roles(anchor), named(new_database(major), name) as live:
        restores.backups.database = live
        live.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
        alter(live, *SET, 'ALTER DATABASE {n} OWNER TO "the Owner"')
        before = properties(live)
        restores.backups.take()
        live.drop()
        answer = restores.restore()
        assert answer["verdict"] == "proven", answer["reasons"]
        assert [note for note in answer["notes"] if "encoding" not in note] == []
        assert properties(restores.copy(answer)) == before
        restores.ask(restores.ask(answer["next_event"])["next_event"])
        assert properties(live) == before
        live.drop()
        sweep(live)


def test_another_server_gets_it_too_and_what_it_refuses_is_named_without_secrets(
    new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    live, elsewhere = new_database(14), new_database(18)
    restores.backups.database = live
    restores.give_target(elsewhere)
    with role(live, "only_here", "NOLOGIN"):
        alter(
            live,
            "ALTER DATABASE {n} SET search_path = app, public",
            "ALTER ROLE only_here IN DATABASE {n} SET app.key = 'sesame'",
            "GRANT CONNECT ON DATABASE {n} TO only_here",
            "REVOKE CONNECT ON DATABASE {n} FROM PUBLIC",
            "ALTER DATABASE {n} IS_TEMPLATE true",
        )
        restores.backups.take()
        alter(live, "ALTER DATABASE {n} IS_TEMPLATE false")
        answer = restores.restore(target=TARGET_ARN)
    copy = Database(elsewhere.server, answer["restored_database"])
    try:
        there = properties(copy)
        assert there["settings"] == [["-", "search_path=app, public"]]
        assert there["grants"] == ["=T/postgres", "postgres=CTc/postgres"]
        assert "sesame" not in json.dumps(answer)
        notes = "\n".join(answer["notes"])
        assert f'ALTER ROLE "only_here" IN DATABASE "{copy.name}" SET "app.key" TO ...;' in notes
        assert f'GRANT CONNECT ON DATABASE "{copy.name}" TO "only_here"; (role "only' in notes
        assert f"ALTER DATABASE {copy.name} IS_TEMPLATE true;" in notes
        elsewhere.run(answer["drop_sql"])  # a template could not be dropped
    finally:
        copy.drop()


def test_without_owners_the_grants_are_left_out_and_said(restores: RestoreHarness) -> None:
    live = restores.live
    with role(live, "app", "NOLOGIN"):
        alter(
            live,
            "ALTER DATABASE {n} SET timezone = 'Europe/Vienna'",
            "REVOKE CONNECT ON DATABASE {n} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {n} TO app",
            "ALTER DATABASE {n} OWNER TO app",
        )
        restores.backups.take()
        answer = restores.restore(owners="none")
        there = properties(restores.copy(answer))
        assert (there["owner"], there["grants"]) == ("postgres", None)
        assert there["settings"] == [["-", "TimeZone=Europe/Vienna"]]
        (note,) = [each for each in answer["notes"] if "`owners`" in each]
        assert (
            f'REVOKE CONNECT, TEMPORARY ON DATABASE "{answer["restored_database"]}" FROM PUBLIC;'
            in note
        )
        assert 'OWNER TO "app";' in note
        alter(live, "ALTER DATABASE {n} OWNER TO postgres")
        sweep(live)


def test_what_the_live_database_has_now_wins_over_the_backups(restores: RestoreHarness) -> None:
    live = restores.live
    with role(live, "earlier", "NOLOGIN"), role(live, "later", "NOLOGIN"):
        alter(
            live,
            "ALTER DATABASE {n} SET timezone = 'Europe/Vienna'",
            "ALTER ROLE earlier IN DATABASE {n} SET work_mem = '7MB'",
            "REVOKE CONNECT ON DATABASE {n} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {n} TO earlier WITH GRANT OPTION",
            "COMMENT ON DATABASE {n} IS 'then'",
        )
        restores.backups.take()
        alter(
            live,
            "ALTER DATABASE {n} RESET ALL",
            "ALTER ROLE earlier IN DATABASE {n} RESET ALL",
            "ALTER DATABASE {n} SET session_preload_libraries = 'auto_explain'",
            "ALTER ROLE later IN DATABASE {n} SET work_mem = '8MB'",
            "REVOKE ALL ON DATABASE {n} FROM earlier",
            "GRANT CONNECT ON DATABASE {n} TO PUBLIC",
            "GRANT CREATE ON DATABASE {n} TO later",
            "COMMENT ON DATABASE {n} IS 'now'",
            "ALTER DATABASE {n} ALLOW_CONNECTIONS false",
        )
        before = properties(live)
        answer = restores.restore()
        plan = restores.ask(answer["next_event"])
        assert any("as it is now, not from the backup" in each for each in plan["warnings"])
        done = restores.ask(plan["next_event"])
        assert properties(live) == before
        assert [
            f"ALTER DATABASE {live.name} ALLOW_CONNECTIONS false;" in each for each in done["notes"]
        ] == [True]
        alter(live, "REVOKE ALL ON DATABASE {n} FROM later")
        sweep(live)


def test_a_name_or_a_text_that_cannot_be_read_is_said_and_all_else_comes_back(
    new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    """pg_restore refuses to write a name with a line end, and SQL_ASCII says nothing of bytes."""
    with named(new_database(18), "two\nlines") as live:
        restores.backups.database = live
        live.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
        restores.backups.take()
        answer = restores.restore()
        assert answer["verdict"] == "proven"
        assert any("were not set: pg_restore" in note for note in answer["notes"])
        sweep(live)
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    live = restores.backups.database = new_database(18, options=options)
    live.run(f"COMMENT ON DATABASE {live.name} IS E'\\xe9'")
    restores.backups.scheduled_at += timedelta(minutes=30)
    restores.backups.take()
    live.run(f"COMMENT ON DATABASE {live.name} IS NULL")
    answer = restores.restore()
    assert answer["verdict"] == "proven"
    assert any("no text in UTF-8" in note for note in answer["notes"])


#: A database whose sessions only read can't be filled by stock programs once that is set.
FOR_STOCK = tuple(each for each in SET if "read_only" not in each)


@pytest.mark.parametrize("major", FIRST_AND_LAST)
@pytest.mark.parametrize("name", NAMES)
def test_stock_programs_bring_it_back_under_its_own_name(
    name: str, major: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    """As the README says."""
    anchor = new_database(major)
    with its_roles(anchor), named(new_database(major), name) as live:
        restores.backups.database = live
        live.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
        alter(live, *FOR_STOCK)
        before = properties(live)
        restores.backups.take()
        archive = restores.place / "archive.dump"
        archive.write_bytes(restores.backups.bucket.read(restores.backups.location.archive_key))
        live.drop()
        restore = live.server.programs / "pg_restore"
        run_program([restore, "--create", "--no-owner", f"--dbname={anchor.url}", archive])
        assert properties(live) == before
        assert live.value("SELECT count(*) FROM t") == 1
        live.drop()


#: Of the runbook, as they stand there.
COMMANDS = [
    block.text.replace("<URL of postgres>", "<URL>")
    for block in Page.read(RUNBOOKS / "lifeboat-is-gone.md").blocks
    if "database.list" in block.text
]


@pytest.mark.parametrize("major", FIRST_AND_LAST)
def test_stock_programs_set_it_on_what_was_restored_and_renamed(
    major: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    anchor = new_database(major)
    with its_roles(anchor), named(new_database(major), NAMES[1]) as live:
        restores.backups.database = live
        live.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
        alter(live, *FOR_STOCK, 'ALTER DATABASE {n} OWNER TO "the Owner"')
        before = properties(live)
        restores.backups.take()
        live.drop()
        restored = new_database(major)
        restores.backups.restore(restored)
        with named(restored, live.name):
            program, archive = live.server.programs / "pg_restore", restores.backups.scratch
            for command in COMMANDS:
                script = command.replace("pg_restore", str(program)).replace("<URL>", anchor.url)
                done = subprocess.run(
                    ["/bin/bash", "-c", script],
                    cwd=archive,
                    capture_output=True,
                    text=True,
                    check=False,
                )
            assert done.stderr.count("error:") == done.stderr.count("already exists") == 1
            assert properties(live) == before
