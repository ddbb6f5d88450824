"""A copy that has all its rows can be used, whatever else is lacking: a person decides that."""

from typing import Any

import pytest

from lifeboat.errors import VerificationError
from tests.support.backup_harness import Database
from tests.support.restore_harness import RestoreHarness, databases, event_in, refused

LACKING = {
    "a foreign key": (
        "FK CONSTRAINT|ADD CONSTRAINT|violates foreign key",
        "CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users)",
        "SET session_replication_role = replica; INSERT INTO orders VALUES (1, -7)",
    ),
    "a unique index": (
        "CREATE UNIQUE INDEX|could not create unique index",
        "CREATE TABLE doubles (id int)",
        "CREATE UNIQUE INDEX doubles_id ON doubles (id)",
        "UPDATE pg_index SET indisunique = false WHERE indexrelid = 'doubles_id'::regclass",
        "INSERT INTO doubles VALUES (1), (1)",
        "UPDATE pg_index SET indisunique = true WHERE indexrelid = 'doubles_id'::regclass",
    ),
    "what a materialized view shows": (
        "REFRESH MATERIALIZED VIEW",
        "CREATE TABLE dividers (n int)",
        "CREATE MATERIALIZED VIEW parts AS SELECT 1 / n AS part FROM dividers",
        "INSERT INTO dividers VALUES (0)",
    ),
}


@pytest.mark.parametrize("kind", LACKING)
@pytest.mark.parametrize("compare", ["rows", "content"])
def test_what_lacks_an_object_fails_and_can_be_swapped_in_all_the_same(
    kind: str, restores: RestoreHarness, compare: str
) -> None:
    live, (words, *statements) = restores.live, LACKING[kind]
    live.run("SET allow_system_table_mods = on; " + "; ".join(statements))
    restores.backups.take()
    there = rows(live)
    live.run("DELETE FROM users")

    error = refused(lambda: restores.restore(compare=compare))
    assert isinstance(error, VerificationError)
    (copy,) = databases(live) - {live.name}
    assert "rows of all" in error.what
    assert ("compared by their content" if compare == "content" else "counted") in error.what
    lacking = error.what.partition("Lacking or different: ")[2]
    assert any(word in lacking for word in words.split("|"))
    assert f"DROP DATABASE {copy} WITH (FORCE);" in error.todo
    where = error.what.rpartition("The report: ")[2]
    page = restores.page({"html_report": where})["Body"].read().decode()
    assert '<header class="failed">' in page

    plan = restores.ask(event_in(error.todo))
    assert plan["blockers"] == []
    restores.ask(plan["next_event"])
    assert rows(live) == there


def test_what_lacks_rows_is_not_offered_first(restores: RestoreHarness) -> None:
    """The check is not valid for rows that are there: pg_restore can't load them."""
    live = restores.live
    live.run(
        "CREATE TABLE odd (id int CHECK (id > 0))",
        "INSERT INTO odd VALUES (1)",
        "CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'",
        "ALTER TABLE odd ADD CHECK (known(id))",
        "CREATE OR REPLACE FUNCTION known(int) RETURNS bool LANGUAGE sql IMMUTABLE"
        " AS 'SELECT false'",
    )
    tables = len(restores.backups.take().manifest.inventory.tables)
    error = refused(restores.restore)
    assert isinstance(error, VerificationError)
    assert f"{tables - 1} of {tables} tables with all their rows (compared" in error.what
    assert event_in(error.todo) == {"action": "list", "database": "app"}
    _, _, rest = error.todo.partition("Or swap it in without the rows that are lacking: send ")
    plan = restores.ask(event_in(rest))
    assert plan["blockers"] == []
    assert any("public.odd: 1 rows claimed, 0 came back" in each for each in plan["warnings"])


def test_tables_of_their_own_are_never_offered_for_a_swap(restores: RestoreHarness) -> None:
    _, *statements = LACKING["a unique index"]
    restores.live.run("SET allow_system_table_mods = on; " + "; ".join(statements))
    restores.backups.take()
    error = refused(
        lambda: restores.ask(action="restore-tables", tables=["public.doubles"], execute=True)
    )
    assert isinstance(error, VerificationError)
    assert "has all 2 rows of all 1 table (compared by their content)" in error.what
    assert "{" not in error.todo
    assert "docs/runbooks/partial-restore.md" in error.todo


def rows(database: Database) -> Any:
    return {
        (table.schema, table.name): (table.rows, table.digest)
        for table in database.inventory().tables
    }
