"""What a drill says of the definitions that came back: each that differs is named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lifeboat.drill import drill as drill_module
from lifeboat.drill.run import DrillRun
from lifeboat.errors import TargetError
from lifeboat.model.drill_report import Outcome, Verdict
from lifeboat.postgres.programs import Programs
from lifeboat.recovery import compare_definitions as compare_module
from lifeboat.recovery.compare_definitions import compare_definitions
from tests.support.backup_harness import TARGET_ARN, BackupHarness, Database
from tests.support.definitions import make_odd
from tests.support.drill_harness import DrillHarness, check, databases, without_extension
from tests.support.restore_harness import RestoreHarness


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets statements change the copy after it was restored, before it is compared."""

    def change(*statements: str) -> None:
        def changed(run: DrillRun, *rest: object) -> None:
            with run.session(run.copy_name) as connection:
                for each in statements:
                    connection.execute(each.encode())
            compare_definitions(run, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(drill_module, "compare_definitions", changed)

    return change


@pytest.mark.parametrize(("source", "target"), [(14, None), (18, None), (14, 18)])
def test_odd_definitions_are_proven_also_by_a_later_major(
    source: int, target: int | None, new_database: Callable[..., Database], drills: DrillHarness
) -> None:
    drills.backups.database = new_database(source)
    make_odd(drills.backups.database)
    drills.backups.take()
    if target:
        elsewhere = new_database(target)
        drills.give_target(elsewhere)
        before = databases(elsewhere)
        report = drills.hold(target=TARGET_ARN)
        assert databases(elsewhere) == before
    else:
        report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())
    note = ("Owners and grants were not restored, and so not compared.",)
    assert check(report, "definitions").details == (note if target else ())


@pytest.mark.parametrize("major", [14, 18])
def test_a_source_that_quotes_every_name_is_proven(
    major: int, new_database: Callable[..., Database], drills: DrillHarness, programs: Programs
) -> None:
    source = drills.backups.database = new_database(major)
    source.run(
        f"ALTER DATABASE {source.name} SET quote_all_identifiers = on",
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE TABLE t (id int PRIMARY KEY, m mood CHECK (m <> 'sad'))",
        "CREATE VIEW v AS SELECT id, m FROM t",
        "CREATE FUNCTION f(m mood, i int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "COMMENT ON FUNCTION f(mood, int) IS 'for the shop'",
    )
    drills.backups.take()
    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())
    with RestoreHarness.open(drills.backups, programs) as restores:
        assert restores.restore()["verdict"] == "proven"


def test_every_difference_is_told_by_its_name(
    drills: DrillHarness, between: Callable[..., None]
) -> None:
    drills.backups.database.run(
        "CREATE TABLE t (id int, status varchar CHECK (status IN ('a', 'b')))",
        "CREATE INDEX t_id ON t (id)",
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE VIEW v AS SELECT id FROM t WHERE status IN ('a', 'b')",
        "COMMENT ON VIEW v IS 'for the shop'",
        "GRANT SELECT ON v TO PUBLIC",
    )
    drills.backups.take()
    between(
        "SET search_path = public",
        "DROP INDEX t_id",
        "CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "ALTER FUNCTION touch() OWNER TO CURRENT_USER",
        "ALTER TABLE t DISABLE TRIGGER touch",
        "CREATE OR REPLACE VIEW v AS SELECT id FROM t WHERE status IN ('a', 'c')",
        "COMMENT ON VIEW v IS NULL",
        "REVOKE SELECT ON v FROM PUBLIC",
        "CREATE TRIGGER more BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()",
    )
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    found = check(report, "definitions")
    assert found.outcome is Outcome.FAILED
    moved = [each for each in found.details if "belongs to" in each]
    assert len(moved) == 1
    assert moved[0].startswith("FUNCTION public.touch() belongs to lifeboat_")
    assert set(found.details) - set(moved) == {
        "INDEX public.t_id did not come back.",
        "COMMENT of VIEW v in public did not come back.",
        "ACL of TABLE v in public did not come back.",
        "TRIGGER public.t more came back; the backup has none.",
        "FUNCTION public.f(integer): definition differs.",
        "TRIGGER public.t touch: definition differs.",
        "VIEW public.v: definition differs.",
    }


@pytest.mark.parametrize("time", [0.5, 0.0])
def test_other_words_are_untested_where_a_second_restore_is_refused_or_takes_too_long(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch, time: float
) -> None:
    drills.backups.database.run("CREATE TABLE t (s varchar CHECK (s IN ('a', 'b')))")
    drills.backups.take()
    if time:
        monkeypatch.setattr(drill_module, "definitions_again", refused)
    else:
        monkeypatch.setattr(compare_module, "_SHARE", time)
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL
    begins = "TABLE public.t: the text differs, perhaps only in how it is printed: "
    why = (
        "permission denied to create database. Allow it."
        if time
        else "There was not enough time to restore the definitions once more. Raise"
        " drill.timeout_minutes (at most 15) or drill.memory_mb in lifeboat.toml, then: make deploy"
    )
    assert check(report, "definitions").details == (begins + why,)


@contextmanager
def refused(_: DrillRun) -> Iterator[str]:
    raise TargetError("permission denied to create database.", todo="Allow it.")
    yield


def test_a_copy_that_pg_dump_cannot_read_is_no_proof(
    drills: DrillHarness, between: Callable[..., None]
) -> None:
    drills.backups.database.run("CREATE SCHEMA gone", "CREATE TABLE gone.t (id int)")
    drills.backups.take()
    between("DELETE FROM pg_catalog.pg_namespace WHERE nspname = 'gone'")
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    (reason,) = report.reasons
    assert reason.startswith("definitions: pg_dump can't read the restored copy (1): pg_dump: ")


def test_a_lacking_extension_excuses_what_needs_it_and_nothing_else(
    drills: DrillHarness, tmp_path: Path
) -> None:
    """PostGIS and its kin have tables with keys, which the drill's server can't have."""
    make_odd(drills.backups.database)
    drills.backups.database.run(
        "SET search_path = public, odd_5",
        "CREATE TABLE public.t (id int, h odd_5.hstore)",
        "CREATE INDEX t_h ON public.t USING gin (h odd_5.gin_hstore_ops)",
        "CREATE INDEX users_email ON public.users (email)",
    )
    drills.backups.take()
    drills.programs = without_extension(drills.programs, 18, "hstore", tmp_path / "poor")
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL, report.reasons
    details = check(report, "definitions").details
    assert any(each.startswith("CREATE TABLE public.t: ") for each in details)
    assert any(each.startswith("CREATE INDEX t_h ON public.t") for each in details)
    drills.edit_archive(lambda archive: archive.replace(b"btree (email)", b"btree (emoil)"))
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert check(report, "definitions").details[0] == (
        "INDEX public.users_email did not come back."
    )


def test_invalid_indexes_are_named_with_the_cure(
    new_database: Callable[..., Database], backups: BackupHarness
) -> None:
    database = backups.database = new_database(18)
    database.run(
        'CREATE TABLE "My users" (id int)',
        *(f'CREATE INDEX "Index {n}" ON "My users" (id)' for n in range(13)),
        'CREATE INDEX fine ON "My users" (id)',
    )
    with database.connect() as session:
        session.execute("SET allow_system_table_mods = on")
        session.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid::regclass::text ~ 'Index'"
        )
    (note,) = backups.take().manifest.notes
    assert note.startswith('pg_dump leaves invalid indexes out: public."Index 0", ')
    assert "and 3 more" in note
    assert "REINDEX" in note
    assert "fine" not in note
