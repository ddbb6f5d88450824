"""A backup comes back beside the live database, and what came back is proven."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.errors import ConnectError, EventError, NoBackupError, RefusedError
from lifeboat.model.drill_report import Verdict
from lifeboat.restore import list_backups
from tests.support.backup_harness import (
    SECRET_ARN,
    TARGET_ARN,
    Database,
    assert_no_children,
)
from tests.support.drill_harness import check
from tests.support.restore_harness import (
    RestoreHarness,
    databases,
    event_in,
    refused,
    role,
    roles,
    sweep,
)
from tests.support.s3_faults import answer as faulty
from tests.support.s3_faults import planned
from tests.support.schemas import KINDS, NO_MORE_WATCHING, ODDITIES, ROLES
from tests.support.stub_extensions import stub_extension


@pytest.mark.parametrize("major", [15, 16])  # test_sound_databases: 14, 17, 18
def test_every_kind_of_object_comes_back_proven(
    major: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    database = restores.backups.database = new_database(major)
    with roles(database, ROLES):
        database.run(*ODDITIES, *KINDS)
        manifest = restores.backups.take().manifest
        database.run(NO_MORE_WATCHING)
        answer = restores.restore()
        copy = restores.copy(answer)
        assert answer["verdict"] == "proven", answer["reasons"]
        assert copy.inventory() == database.inventory()
        report = restores.report(answer)
        assert report.verdict is Verdict.PROVEN
        assert report.rows == manifest.inventory.rows == answer["rows"]
        page = restores.page(answer)
        assert page["ContentType"] == "text/html; charset=utf-8"
        assert f"new database <code>{copy.name}</code>" in page["Body"].read().decode()
        assert answer["next_event"] == {
            "action": "swap",
            "database": "app",
            "restored_database": copy.name,
            "target": SECRET_ARN,
        }
        sweep(database)
    assert_no_children()


def test_a_restore_whose_html_report_cannot_be_stored_is_done_and_says_so(
    restores: RestoreHarness,
) -> None:
    restores.backups.take()
    client = restores.backups.bucket.client
    with planned(client, "PutObject", faulty(403, "AccessDenied"), after=1):
        answer = restores.restore()
    assert answer["verdict"] == "proven", answer["reasons"]
    assert restores.report(answer).verdict is Verdict.PROVEN
    assert answer["html_report"] is None
    assert any("There is no HTML report" in note for note in answer["notes"])


def test_the_first_answer_is_a_plan_and_touches_nothing(restores: RestoreHarness) -> None:
    manifest = restores.backups.take().manifest
    before = restores.backups.bucket.holds()
    plan = restores.ask(action="restore")
    assert databases(restores.live) == {restores.live.name}
    assert restores.backups.bucket.holds() == before
    assert plan["backup"] == manifest.location.id
    assert plan["download_bytes"] == manifest.archive.bytes
    assert plan["estimated_minutes"] >= 1
    assert plan["blockers"] == []
    pinned = {"backup": manifest.location.id, "execute": True}
    assert plan["next_event"] == {
        "action": "restore",
        "database": "app",
        "target": SECRET_ARN,
        **pinned,
    }
    done = restores.ask(plan["next_event"])
    assert databases(restores.live) == {restores.live.name, done["restored_database"]}


def test_a_backup_is_found_by_the_moment_that_it_must_precede(restores: RestoreHarness) -> None:
    first = restores.backups.take().manifest
    restores.backups.scheduled_at += timedelta(minutes=30)
    second = restores.backups.take().manifest
    listed = restores.ask(action="list")
    assert [each["backup"] for each in listed["backups"]] == [
        second.location.id,
        first.location.id,
    ]
    assert listed["next_event"]["backup"] == second.location.id
    # Both slots are of another day than their snapshots, which were taken just now.
    moment = f"{second.source.snapshot_time:%Y-%m-%dT%H:%M:%SZ}"
    early = restores.ask(action="list", before=moment)["backups"]
    assert second.location.id not in [each["backup"] for each in early]
    error = refused(lambda: restores.ask(action="restore", before="2020-01-01T00:00:00Z"))
    assert isinstance(error, NoBackupError)
    assert second.location.id in error.todo


def test_a_long_list_comes_in_parts(
    restores: RestoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_backups, "_MAX_BACKUPS", 1)
    restores.backups.scheduled_at = datetime.now(UTC).replace(microsecond=0)
    first = restores.backups.take().manifest
    time.sleep(1)
    restores.backups.scheduled_at = datetime.now(UTC).replace(microsecond=0)
    second = restores.backups.take().manifest
    # Events name moments by the second.
    assert second.source.snapshot_time - first.source.snapshot_time > timedelta(seconds=1)
    newest = restores.ask(action="list")
    assert [each["backup"] for each in newest["backups"]] == [second.location.id]
    oldest = restores.ask(newest["next_page"])
    assert [each["backup"] for each in oldest["backups"]] == [first.location.id]
    assert oldest["next_page"] is None


def test_what_was_lost_altogether_comes_back_without_the_live_database(
    restores: RestoreHarness,
) -> None:
    restores.backups.take()
    locale = "SELECT datcollate || datctype FROM pg_database WHERE datname = current_database()"
    there = restores.live.inventory(), restores.live.value(locale)
    restores.live.drop()
    plan = restores.ask(action="restore", compare="rows")
    answer = restores.ask(plan["next_event"])
    assert (restores.copy(answer).inventory(), restores.copy(answer).value(locale)) == there
    assert not any("locale" in note for note in answer["notes"])
    assert answer["verdict"] == "partial"
    assert answer["reasons"] == [
        'content: Rows were counted, not compared: the event says "compare": "rows".'
    ]
    assert answer["next_event"]["allow_unverified"] is True


@pytest.mark.parametrize(("source", "target"), [(18, 17), (17, 14), (15, 14), (16, 15)])
def test_an_older_server_is_refused_before_anything_is_made(
    source: int, target: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    restores.backups.database = new_database(source)
    elsewhere = new_database(target)
    restores.give_target(elsewhere)
    restores.backups.take()
    plan = restores.ask(action="restore", target=TARGET_ARN)
    assert any(f"older than the backup's {source}" in each for each in plan["blockers"])
    error = refused(lambda: restores.restore(target=TARGET_ARN))
    assert isinstance(error, RefusedError)
    assert f"runs PostgreSQL {target}" in error.what
    assert "pg_restore" in error.todo
    with elsewhere.server.admin() as admin:
        names = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
    assert not any("_restored_" in name for name in names)


@pytest.mark.parametrize(("source", "target"), [(14, 18), (15, 16), (16, 17)])
def test_a_newer_server_takes_the_backup_of_an_older_one(
    source: int, target: int, new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    restores.backups.database = new_database(source)
    restores.backups.database.run(
        "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (200)",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE VIEW few AS SELECT * FROM t WHERE id::varchar IN ('1', '2')",
        "INSERT INTO t SELECT generate_series(1, 100)",
    )
    elsewhere = new_database(target)
    restores.give_target(elsewhere)
    restores.backups.take()
    plan = restores.ask(action="restore", target=TARGET_ARN)
    assert any("is an upgrade" in each for each in plan["warnings"])
    answer = restores.restore(target=TARGET_ARN)
    copy = Database(elsewhere.server, answer["restored_database"])
    try:
        assert answer["verdict"] == "proven", answer["reasons"]
        assert copy.value("SELECT count(*) FROM t") == 100
    finally:
        copy.drop()


def test_a_missing_role_is_named_and_can_be_made_or_left_out(
    new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    """On another server, which has never heard of the roles of this one."""
    source = restores.backups.database = new_database(17)
    elsewhere = new_database(18)
    restores.give_target(elsewhere)
    with role(source, '"the Owner"', "NOLOGIN"), role(source, "reader", "NOLOGIN"):
        source.run(
            "CREATE TABLE t (id int)",
            "INSERT INTO t VALUES (1)",
            'ALTER TABLE t OWNER TO "the Owner"',
            "GRANT SELECT ON t TO reader",
        )
        restores.backups.take()
    error = refused(lambda: restores.restore(target=TARGET_ARN))
    assert isinstance(error, RefusedError)
    assert 'CREATE ROLE reader NOLOGIN; CREATE ROLE "the Owner" NOLOGIN;' in error.todo
    assert event_in(error.todo)["owners"] == "none"
    assert "Nothing was touched" in error.safe
    for owners, owner in (("none", "postgres"), ("keep", "the Owner")):
        if owners == "keep":
            elsewhere.run('CREATE ROLE "the Owner"', "CREATE ROLE reader")
        answer = restores.restore(target=TARGET_ARN, owners=owners)
        copy = Database(elsewhere.server, answer["restored_database"])
        assert answer["verdict"] == "proven", answer["reasons"]
        noted = check(restores.report(answer), "definitions").details
        words = ("Owners and grants were not restored, and so not compared.",)
        assert noted == (words if owners == "none" else ())
        assert copy.value("SELECT tableowner FROM pg_tables WHERE tablename = 't'") == owner
        copy.drop()
    elsewhere.run('DROP ROLE "the Owner"', "DROP ROLE reader")


def test_a_missing_extension_makes_the_copy_partial_and_is_said_before(
    new_database: Callable[..., Database], restores: RestoreHarness
) -> None:
    source = restores.backups.database = new_database(17)
    script = "CREATE FUNCTION boo() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    with stub_extension(source.server, "ghost", script, "relocatable = true"):
        source.run("CREATE EXTENSION ghost", "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
        restores.backups.take()
    elsewhere = new_database(18)
    restores.give_target(elsewhere)
    plan = restores.ask(action="restore", target=TARGET_ARN)
    assert any("1 extension: ghost" in each for each in plan["warnings"])
    answer = restores.restore(target=TARGET_ARN)
    copy = Database(elsewhere.server, answer["restored_database"])
    try:
        assert answer["verdict"] == "partial"
        assert any("ghost" in reason for reason in answer["reasons"])
        assert copy.value("SELECT count(*) FROM t") == 1
        assert answer["next_event"]["allow_unverified"] is True
    finally:
        copy.drop()


def test_a_role_like_a_providers_restores_what_it_may(restores: RestoreHarness) -> None:
    """No superuser: comments on extensions and event triggers are beyond it."""
    live = restores.live
    live.run(
        "CREATE EXTENSION citext",
        "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION watch()",
    )
    restores.backups.take()
    live.run("DROP EVENT TRIGGER watching")
    with role(live, "neon_like", "LOGIN CREATEDB CREATEROLE BYPASSRLS PASSWORD 'bait'"):
        restores.give_target(live, user="neon_like", password="bait")
        answer = restores.restore(target=TARGET_ARN, owners="none")
        copy = restores.copy(answer)
        assert copy.value("SELECT count(*) FROM users") == 1000
        assert answer["verdict"] in {"proven", "partial"}, answer
        assert copy.value("SELECT tableowner FROM pg_tables WHERE tablename='users'") == "neon_like"
        error = refused(lambda: restores.restore(target=TARGET_ARN))
        assert isinstance(error, RefusedError)
        assert "GRANT postgres TO neon_like;" in error.todo


def test_a_role_that_only_reads_is_no_role_to_restore_with(restores: RestoreHarness) -> None:
    live = restores.live
    restores.backups.take()
    with role(live, "only_reads", "LOGIN PASSWORD 'bait'"):
        live.run("ALTER ROLE only_reads SET default_transaction_read_only = on")
        restores.give_target(live, user="only_reads", password="bait")
        error = refused(lambda: restores.restore(target=TARGET_ARN))
        assert "only reads" in error.what
        live.run("ALTER ROLE only_reads RESET ALL")
        error = refused(lambda: restores.restore(target=TARGET_ARN))
        assert "may not make databases" in error.what
        assert "ALTER ROLE only_reads CREATEDB;" in error.what
    assert databases(live) == {live.name}


def test_a_secret_that_the_settings_do_not_name_is_not_read(restores: RestoreHarness) -> None:
    restores.backups.take()
    error = refused(lambda: restores.restore(target=TARGET_ARN))
    assert isinstance(error, EventError)
    assert "restore.target_secret_arns" in error.todo


def test_a_server_that_is_not_there_is_said(restores: RestoreHarness) -> None:
    restores.backups.take()
    restores.secrets[TARGET_ARN] = restores.live.url.replace("postgres:", "postgres:wrong")
    restores.settings["target_secret_arns"] = [TARGET_ARN]
    error = refused(lambda: restores.restore(target=TARGET_ARN))
    assert isinstance(error, ConnectError)
    assert restores.live.server.password not in str(error)
