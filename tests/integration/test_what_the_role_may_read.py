"""The checks before a dump, made as the backup role itself and never as superuser."""

from collections.abc import Iterator

import pytest
from psycopg import sql

from lifeboat.errors import EndpointError, UnreadableError
from lifeboat.postgres import connect as under_test
from tests.support.backup_harness import BackupHarness

PASSWORD = "bait-of-the-backup-role"


@pytest.fixture
def as_role(backups: BackupHarness) -> Iterator[BackupHarness]:
    """The backups, logged in as a role that may read nothing yet."""
    server = backups.database.server
    with server.admin() as admin:
        admin.autocommit = True
        admin.execute(f"CREATE ROLE backup LOGIN NOSUPERUSER PASSWORD '{PASSWORD}'")
        admin.execute("CREATE ROLE owner_of_all")
    backups.secret = server.url(database=backups.database.name, user="backup", password=PASSWORD)
    yield backups
    with server.admin() as admin:
        admin.autocommit = True
        with backups.database.connect() as inside:
            inside.execute("DROP OWNED BY backup, owner_of_all CASCADE")
        admin.execute("DROP ROLE backup")
        admin.execute("DROP ROLE owner_of_all")


def refused(backups: BackupHarness) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        backups.take()
    backups.assert_nothing_was_published()
    assert PASSWORD not in str(caught.value)
    return caught.value


def statements(error: UnreadableError) -> list[str]:
    return [line.strip() for line in error.todo.splitlines() if line.startswith("  ")]


def test_everything_unreadable_is_named_at_once_and_the_statements_cure_it(
    as_role: BackupHarness,
) -> None:
    database = as_role.database
    database.run(
        'CREATE SCHEMA "Hidden Place"',
        'CREATE TABLE "Hidden Place".t (id serial)',
        "CREATE TABLE rows_of_others (id int)",
        "INSERT INTO rows_of_others SELECT generate_series(1, 5)",
        "ALTER TABLE rows_of_others ENABLE ROW LEVEL SECURITY",
        "SELECT lo_from_bytea(4711, 'abc')",
    )
    error = refused(as_role)
    for name in (
        'schema "Hidden Place"',
        'table "Hidden Place"."t"',
        'sequence "Hidden Place"."t_id_seq"',
        'table "public"."users"',
        'row security "public"."rows_of_others"',
        "large object 4711",
    ):
        assert name in error.what
    database.run(*[each for each in statements(error) if "pg_read_all_data" not in each])
    manifest = as_role.take().manifest
    assert manifest.inventory.rows == 1005
    assert manifest.inventory.large_objects == 1


def test_reading_all_data_is_enough_where_there_is_no_row_security(as_role: BackupHarness) -> None:
    as_role.database.run("GRANT pg_read_all_data TO backup")
    assert as_role.take().manifest.inventory.rows == 1000


def test_a_policy_that_shows_some_rows_is_not_enough(as_role: BackupHarness) -> None:
    as_role.database.run(
        "GRANT pg_read_all_data TO backup",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY own ON users USING (id < 10)",
    )
    error = refused(as_role)
    assert 'row security "public"."users"' in error.what
    assert 'ALTER ROLE "backup" BYPASSRLS;' in statements(error)


def test_a_new_table_without_a_grant_is_found_before_the_dump(as_role: BackupHarness) -> None:
    as_role.database.run(
        "GRANT USAGE ON SCHEMA public TO backup",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO backup",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO backup",
    )
    as_role.take()
    as_role.scheduled_at = as_role.scheduled_at.replace(hour=3)
    as_role.database.run("CREATE TABLE brand_new (id int)")
    error = refused(as_role)
    assert 'table "public"."brand_new"' in error.what
    assert "users" not in error.what


def test_a_role_with_impatient_settings_still_finishes(as_role: BackupHarness) -> None:
    """Less than copying the rows takes, and more than pg_dump's words before it has its own way."""
    as_role.database.run(
        "INSERT INTO users (email) SELECT i::text FROM generate_series(1, 200000) i",
        "GRANT pg_read_all_data TO backup",
        "ALTER ROLE backup SET statement_timeout = '30ms'",
        "ALTER ROLE backup SET idle_in_transaction_session_timeout = '30ms'",
        "ALTER ROLE backup SET lock_timeout = '30ms'",
        "ALTER ROLE backup SET transaction_timeout = '30ms'",
        "ALTER ROLE backup SET search_path = 'nowhere'",
        "ALTER ROLE backup SET default_transaction_read_only = on",
    )
    assert as_role.take().manifest.inventory.rows == 201000


def test_a_role_with_settings_of_its_own_taste_is_no_obstacle(as_role: BackupHarness) -> None:
    as_role.database.run(
        "GRANT pg_read_all_data TO backup",
        "ALTER ROLE backup SET DateStyle = 'German'",
        "ALTER ROLE backup SET TimeZone = 'Asia/Kathmandu'",
        "ALTER ROLE backup SET default_transaction_isolation = 'serializable'",
        "ALTER ROLE backup SET client_encoding = 'LATIN1'",
        "ALTER ROLE backup SET standard_conforming_strings = off",
        "ALTER ROLE backup SET quote_all_identifiers = on",
        "ALTER ROLE backup SET bytea_output = 'escape'",
        'CREATE TABLE "sel\'ect" (id serial, "b\\c" bytea)',
    )
    inventory = as_role.take().manifest.inventory
    assert "sel'ect" in {table.name for table in inventory.tables}
    assert "sel'ect_id_seq" in {sequence.name for sequence in inventory.sequences}


def test_a_pooler_that_shares_one_session_is_refused(
    backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What PgBouncer does in transaction mode: both clients talk to the same server process.
    monkeypatch.setattr(under_test, "_backend_pid", lambda _: 4711)
    with pytest.raises(EndpointError) as caught:
        backups.take()
    assert "transaction mode" in caught.value.what
    assert "direct" in caught.value.todo
    backups.assert_nothing_was_published()


def test_hundreds_of_unreadable_tables_are_counted_not_listed(as_role: BackupHarness) -> None:
    as_role.database.run(
        "DO $$ BEGIN FOR i IN 1..300 LOOP EXECUTE format('CREATE TABLE t_%s (id int)', i);"
        " END LOOP; END $$"
    )
    error = refused(as_role)
    assert "301 objects" in error.what or "302 objects" in error.what
    assert len(str(error)) < 5000
    assert sql.Identifier("backup").as_string() in error.todo
