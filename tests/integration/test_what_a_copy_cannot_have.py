"""What a server cannot hold is named, in drills and restores; it never hides a broken backup."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import TARGET_ARN, Database
from tests.support.drill_harness import DrillHarness, check, databases
from tests.support.other_databases import CRON, GEO, UNSUBSCRIBED, cannot_be_everywhere
from tests.support.restore_harness import RestoreHarness, refused, role
from tests.support.stub_extensions import stub_extension
from tests.support.temporary_files import public_place


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


@pytest.fixture
def tablespace() -> Iterator[Path]:
    """A place that the test's server may write to."""
    with tempfile.TemporaryDirectory(prefix="tablespace-", dir=public_place()) as place:
        Path(place).chmod(0o711)
        inner = Path(place, "inner")
        inner.mkdir()
        if os.geteuid() == 0:
            shutil.chown(inner, pwd.getpwnam("nobody").pw_name)
        yield inner


@pytest.fixture
def odd(
    drills: DrillHarness, new_database: Callable[..., Database], tablespace: Path
) -> Iterator[Database]:
    """Backed up."""
    database = drills.backups.database = new_database(17)
    with ExitStack() as stack:
        stack.callback(database.run, f"DROP TABLESPACE {database.name}_fast")
        stack.callback(database.run, "DROP TABLE fast", *UNSUBSCRIBED)
        script = CRON.format(database=database.name)
        stack.enter_context(stub_extension(database.server, "pg_cron", script))
        with database.connect() as session:
            session.execute("SET allow_system_table_mods = on")
            for statement in cannot_be_everywhere(database, tablespace):
                session.execute(statement)
        drills.backups.take()
        yield database


LACKING = {
    'definitions: REFRESH MATERIALIZED VIEW public.near: could not connect to server "far".',
    'definitions: REFRESH MATERIALIZED VIEW public.nearer: materialized view "near" has not been'
    " populated.",
    "definitions: SECURITY LABEL FOR anon ON COLUMN public.labelled.email IS: security label"
    ' provider "anon" is not loaded.',
    'definitions: CREATE VIEW public.jobs: relation "cron.job" does not exist.',
    "rows: cron.job with its 1 rows can't be made here.",
    "sequences: cron.job_jobid_seq can't be made here.",
    "extensions: pg_cron 1.0 is not available here.",
}


def test_what_a_server_cannot_hold_is_named_and_everything_else_comes_back(
    odd: Database, drills: DrillHarness, restores: RestoreHarness
) -> None:
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL, report.reasons
    assert set(report.reasons) >= LACKING
    spaces, subscriptions = check(report, "restore").details
    assert "no such tablespace, so what was in it is in the default one" in spaces
    assert "Left out: 1 subscription (feed)." in subscriptions

    plan = restores.ask(action="restore")
    assert [each for each in plan["warnings"] if "subscription (feed)" in each]
    assert [each for each in plan["warnings"] if "may have pg_cron" in each]
    answer = restores.restore()
    assert answer["verdict"] == "partial"
    assert set(answer["reasons"]) >= LACKING
    assert any("subscription (feed)" in note for note in answer["notes"])
    copy = restores.copy(answer)
    assert (
        copy.value(
            "SELECT count(*) FROM pg_subscription s JOIN pg_database d ON"
            " d.oid = subdbid WHERE datname = current_database()"
        )
        == 0
    )
    assert copy.value("SELECT tablespace FROM pg_tables WHERE tablename = 'fast'") is not None
    swap = restores.ask(answer["next_event"])
    assert [each for each in swap["warnings"] if "moved aside (subscription feed)" in each]
    odd.run(answer["drop_sql"])
    assert copy.name not in databases(odd)


def test_a_broken_backup_is_failed_whatever_extension_the_server_lacks(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    """A type was renamed while it was dumped, and the extension has no such type."""
    database = drills.backups.database = new_database(17)
    with stub_extension(database.server, "geo", GEO, "schema = public\n"):
        database.run(
            "CREATE EXTENSION geo",
            "CREATE TABLE places (at geometry)",
            "INSERT INTO places VALUES ((1, 2))",
            "CREATE INDEX ON places (st_x(at))",
            "CREATE TABLE stored_elsewhere (id int) USING geo_heap",
            "INSERT INTO stored_elsewhere VALUES (1)",
            "CREATE TYPE mood AS ENUM ('calm')",
            "CREATE TABLE precious (how mood)",
            "INSERT INTO precious VALUES ('calm')",
        )
        drills.backups.take()
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL, report.reasons
    assert [table.name for table in report.tables if table.outcome != "passed"] == [
        "places",
        "spatial_ref_sys",
    ]
    assert any('"default_table_access_method": "geo_heap"' in each for each in report.reasons)
    drills.edit_archive(lambda archive: archive.replace(b"how public.mood", b"how public.moot"))
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert 'restore: CREATE TABLE public.precious: type "public.moot" does not exist' in (
        report.reasons
    )
    assert "rows: public.precious with its 1 rows did not come back." in report.reasons


def test_rows_that_the_restoring_role_may_not_read_are_not_compared_and_the_copy_is_kept(
    drills: DrillHarness, restores: RestoreHarness
) -> None:
    live = drills.backups.database
    live.run(
        "CREATE TABLE kept_back (id int)",
        "INSERT INTO kept_back VALUES (1)",
        "ALTER TABLE kept_back ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE kept_back FORCE ROW LEVEL SECURITY",
        "CREATE POLICY nobody ON kept_back USING (false)",
    )
    drills.backups.take()
    with role(live, "plain_owner", "LOGIN CREATEDB PASSWORD 'bait'"):
        restores.give_target(live, user="plain_owner", password="bait")
        answer = restores.restore(target=TARGET_ARN, owners="none")
        assert answer["verdict"] == "partial"
        (reason,) = [each for each in answer["reasons"] if each.startswith("rows: ")]
        assert "public.kept_back from plain_owner" in reason
        assert "ALTER ROLE plain_owner BYPASSRLS" in reason
        assert restores.copy(answer).value("SELECT count(*) FROM kept_back") == 1


GRANTED = (
    "CREATE SCHEMA shared AUTHORIZATION an_owner",
    *(f"CREATE TABLE shared.t{i} (id int)" for i in range(8)),
    *(f"ALTER TABLE shared.t{i} OWNER TO an_owner" for i in range(8)),
    "GRANT USAGE ON SCHEMA shared TO a_grantor WITH GRANT OPTION",
    "GRANT SELECT ON ALL TABLES IN SCHEMA shared TO a_grantor WITH GRANT OPTION",
    "SET SESSION AUTHORIZATION a_grantor; GRANT SELECT ON ALL TABLES IN SCHEMA shared TO a_reader",
)


def test_what_another_role_had_granted_comes_back_or_is_named(
    drills: DrillHarness, restores: RestoreHarness
) -> None:
    """In order: else a worker grants as a role that may not yet look into the schema."""
    live = drills.backups.database
    with ExitStack() as stack:
        for name in ("a_reader", "a_grantor", "an_owner"):
            stack.enter_context(role(live, name, ""))
        stack.enter_context(role(live, "an_admin", "LOGIN CREATEDB PASSWORD 'bait'"))
        live.run("DROP TABLE users", "GRANT an_owner, a_grantor TO an_admin", *GRANTED)
        drills.backups.take()
        answer = restores.restore()
        assert answer["verdict"] == "proven", answer["reasons"]

        restores.give_target(live, user="an_admin", password="bait")
        answer = restores.restore(target=TARGET_ARN)
        assert answer["verdict"] == "partial"
        denied = [each for each in answer["reasons"] if "set session authorization" in each]
        assert "GRANT SELECT ON TABLE shared.t0 TO a_grantor" in denied[0]


def test_roles_that_policies_name_are_asked_for_before_a_restore_without_owners_too(
    drills: DrillHarness, restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    live = drills.backups.database = new_database(17)
    restores.give_target(new_database(18))
    with role(live, "authenticated_here", ""):
        live.run("CREATE TABLE t (id int)")
        live.run("CREATE POLICY p ON t TO authenticated_here USING (true)")
        drills.backups.take()
        live.run("DROP POLICY p ON t")
    error = refused(lambda: restores.restore(target=TARGET_ARN, owners="none"))
    assert "roles that the server doesn't have: authenticated_here" in error.what
    assert "CREATE ROLE authenticated_here NOLOGIN;" in error.todo
    assert '"owners"' not in error.todo
