from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
import zstandard

from local import sample
from local.postgres import PostgresServer

TABLES = ("users", "projects", "auth_sessions", "audit_events")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.start(major=18) as running, running.admin() as admin:
        sample.create(admin, megabytes=4)
        sample.backup_role(admin, "backup", "it's secret")
        yield running


@pytest.fixture
def admin(server: PostgresServer) -> Iterator[psycopg.Connection]:
    with server.admin() as connection:
        yield connection


@pytest.mark.parametrize(
    "exists",
    [
        "FROM pg_extension WHERE extname = 'citext'",
        "FROM pg_type WHERE typname = 'project_status' AND typtype = 'e'",
        "FROM pg_views WHERE viewname = 'active_projects'",
        "FROM pg_sequences WHERE sequencename = 'invoice_numbers' AND last_value = 4710",
        "FROM pg_trigger WHERE tgname = 'projects_touch'",
        "FROM pg_policy WHERE polname = 'own_projects'",
        "FROM pg_attribute WHERE attgenerated = 's' AND attrelid = 'projects'::regclass",
        "FROM pg_attribute WHERE attidentity = 'a' AND attrelid = 'users'::regclass",
        "FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass",
        "FROM pg_inherits WHERE inhparent = 'audit_events'::regclass HAVING count(*) = 13",
        "FROM pg_indexes WHERE schemaname = 'public' HAVING count(*) > 10",
        "FROM audit_events_others",
        "FROM projects WHERE length(document) > 10000",
    ],
)
def test_it_has_one_of_everything(admin: psycopg.Connection, exists: LiteralString) -> None:
    assert admin.execute(f"SELECT count(*) > 0 {exists}").fetchone() == (True,)


def test_the_same_size_gives_the_same_rows_on_another_major(admin: psycopg.Connection) -> None:
    with PostgresServer.start(major=14) as older, older.admin() as other:
        sample.create(other, megabytes=4)
        assert _contents(other) == _contents(admin)


def test_it_is_about_as_large_as_asked_for(admin: psycopg.Connection) -> None:
    row = admin.execute(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).fetchone()
    assert row is not None
    assert 3e6 < row[0] < 6e6


def test_it_compresses_like_real_data(admin: psycopg.Connection) -> None:
    with admin.cursor().copy("COPY projects (document, spec) TO STDOUT") as copy:
        text = b"".join(bytes(block) for block in copy)
    assert 2.5 < len(text) / len(zstandard.compress(text, 1)) < 5


def test_the_backup_role_reads_all_rows_and_writes_none(
    server: PostgresServer, admin: psycopg.Connection
) -> None:
    url = server.url("postgres", "backup", "it's secret")
    with psycopg.connect(url, autocommit=True) as backup:
        assert _contents(backup) == _contents(admin)
        backup.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            backup.execute("DELETE FROM users")
        row = backup.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'backup'").fetchone()
        assert row == (False,)


def test_row_security_hides_projects_from_other_roles(
    server: PostgresServer, admin: psycopg.Connection
) -> None:
    admin.execute("CREATE ROLE app LOGIN PASSWORD 'app'; GRANT SELECT ON projects TO app")
    with psycopg.connect(server.url("postgres", "app", "app")) as app:
        app.execute("SET app.user_id = '1'")
        row = app.execute("SELECT count(*), count(DISTINCT owner_id) FROM projects").fetchone()
    assert row is not None
    assert row[0] < 100
    assert row[1] == 1


def _contents(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Rows of each table, and a checksum of them in a fixed order."""
    connection.execute("SET timezone = 'UTC'")
    found = {}
    for table in TABLES:
        query = psycopg.sql.SQL(
            "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} AS t"
        )
        row = connection.execute(query.format(psycopg.sql.Identifier(table))).fetchone()
        assert row is not None
        found[table] = (row[0], row[1])
    return found
