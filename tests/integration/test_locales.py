"""A copy has the locale of its source; where a server lacks it, what works by it is untested."""

import re
from collections.abc import Callable, Iterator

import pytest
from psycopg import sql

from lifeboat.model.drill_report import Outcome, Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import TARGET_ARN, Database
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness

BY_TEXT = (
    "CREATE EXTENSION citext",
    "CREATE TABLE names (name text CHECK (name ~ '^[[:alpha:]]+$'), kind text CHECK (kind = 'é'))",
    "INSERT INTO names VALUES ('Zoé', 'é')",
    "CREATE DOMAIN title AS text CONSTRAINT has_capitals CHECK (initcap(VALUE) = VALUE)",
    "CREATE TABLE books (title title)",
    "INSERT INTO books VALUES ('Élan')",
    "CREATE TABLE users (email citext PRIMARY KEY)",
    "INSERT INTO users VALUES ('ZOÉ@x')",
    "CREATE TABLE orders (email citext CONSTRAINT whose REFERENCES users)",
    "INSERT INTO orders VALUES ('zoé@x')",
    "CREATE TABLE low (name text, low text GENERATED ALWAYS AS (lower(name)) STORED,"
    " twice text GENERATED ALWAYS AS (name || name) STORED)",
    "INSERT INTO low VALUES ('ZOÉ')",
    "CREATE TABLE words (k text) PARTITION BY RANGE (k)",
    "CREATE TABLE words_1 PARTITION OF words FOR VALUES FROM ('A') TO ('m')",
    "CREATE TABLE words_2 PARTITION OF words FOR VALUES FROM ('m') TO (MAXVALUE)",
    "INSERT INTO words VALUES ('b'), ('Z'), ('z')",
)

UNTESTED = {
    "names: CHECK names_name_check",
    "title: CHECK has_capitals",
    "low: generated column low",
    "users: citext column email",
    "orders: citext column email",
    "words: bounds of partitions",
}


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


def backed_up(drills: DrillHarness, database: Database) -> None:
    drills.backups.database = database
    database.run(*BY_TEXT)
    drills.backups.take()


@pytest.mark.parametrize("major", [14, 17])
def test_a_copy_has_the_locale_of_its_source(
    major: int,
    drills: DrillHarness,
    restores: RestoreHarness,
    new_database: Callable[..., Database],
) -> None:
    libc = "LOCALE_PROVIDER libc" if major >= 15 else ""
    options = f"TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8' {libc}"
    backed_up(drills, new_database(major, options=options))
    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())

    elsewhere = new_database(18)
    restores.give_target(elsewhere)
    answer = restores.restore(target=TARGET_ARN)
    assert (answer["verdict"], answer["notes"]) == ("proven", [])
    copy = Database(elsewhere.server, answer["restored_database"])
    assert copy.value("SELECT low FROM low") == "zoé"
    copy.drop()


def test_what_works_by_a_locale_that_the_server_lacks_is_untested_by_name(
    drills: DrillHarness, new_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bounds are made to be of a locale in which `a` comes before `M`."""
    backed_up(drills, new_database(16, options="TEMPLATE template0 ENCODING UTF8 LOCALE 'C.UTF-8'"))
    drills.edit_archive(
        lambda archive: re.sub(rb"FROM \('A'\) TO \('m'\)", b"FROM ('a') TO ('M')", archive)
    )
    monkeypatch.setattr(
        "lifeboat.drill.target.locale_choices", lambda *_: iter([sql.SQL(" LOCALE 'C'")])
    )
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL, report.reasons
    (collations,) = [each for each in report.checks if each.name == "collations"]
    assert {each.partition(" works by")[0] for each in collations.details} == {
        f"public.{each}" for each in UNTESTED
    }
    assert all("C.UTF-8 (libc)" in each for each in collations.details)
    outcomes = {each.name: each.outcome for each in report.tables}
    refused = {name for name, outcome in outcomes.items() if outcome is not Outcome.PASSED}
    assert refused == {"names", "books"}
    assert "rows: public.names: its 1 rows can't be loaded here." in report.reasons


def test_another_locale_is_no_excuse_for_what_does_not_work_by_it(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    drills.backups.database = live = new_database(17)
    live.run(
        "CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'",
        "CREATE TABLE odd (id int CHECK (known(id)), name text CHECK (name <> ''))",
        "INSERT INTO odd VALUES (1, 'x')",
        "CREATE OR REPLACE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE"
        " AS 'SELECT false'",
    )
    drills.backups.take()
    source = drills.backups.manifest().source.model_dump(mode="json")
    drills.rewrite(source={**source, "locale_provider": "icu", "locale": "en-US"})
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "rows: public.odd: 1 rows claimed, 0 came back." in report.reasons
