"""A drill's server reaches no other server, and a view that would is untested, by its name."""

from collections.abc import Callable

import pytest

from lifeboat.model.drill_report import Verdict
from tests.support.backup_harness import Database
from tests.support.drill_harness import DrillHarness, failed

HOW = {
    "a foreign table": (
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER production FOREIGN DATA WRAPPER postgres_fdw"
        " OPTIONS (host '127.0.0.1', port '{port}', dbname '{name}')",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER production"
        " OPTIONS (user 'postgres', password '{password}')",
        "CREATE FOREIGN TABLE there (id bigint) SERVER production OPTIONS (table_name 'users')",
        "CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM there",
    ),
    "dblink": (
        "CREATE EXTENSION dblink",
        "CREATE MATERIALIZED VIEW kept AS SELECT n FROM public.dblink("
        "'host=127.0.0.1 port={port} dbname={name} user=postgres password={password}',"
        " 'SELECT count(*) FROM users') AS t(n bigint)",
    ),
    "a file": (
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE there (line text) SERVER files"
        " OPTIONS (filename '/etc/hosts', delimiter '~')",
        "CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n FROM there",
    ),
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("major", [14, 18])
def test_a_view_of_another_server_is_untested_and_the_rest_is_proven(
    drills: DrillHarness, new_database: Callable[..., Database], major: int, how: str
) -> None:
    database = new_database(major)
    drills.backups.database = database
    facts = {
        "port": str(database.server.port),
        "name": database.name,
        "password": database.server.password,
    }
    database.run("CREATE TABLE users AS SELECT generate_series(1, 100)::bigint AS id")
    database.run(*(statement.format(**facts) for statement in HOW[how]))
    assert drills.backups.take().created

    report = drills.hold()

    assert failed(report) == []
    assert report.verdict is Verdict.PARTIAL
    named = "MATERIALIZED VIEW public.kept"
    assert any(named in reason for reason in report.reasons)
    assert [(each.name, each.restored) for each in report.tables] == [("users", 100)]
