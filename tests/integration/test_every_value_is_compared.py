"""Equal counts are no proof: a drill and a restore compare every value that came back."""

from collections.abc import Callable

import pytest

from lifeboat.drill import drill
from lifeboat.drill.run import DrillRun
from lifeboat.model.drill_report import Verdict
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.policy.untested import Untested
from tests.support.backup_harness import Database
from tests.support.drill_harness import DrillHarness, check, failed

AS_IT_IS = (
    "CREATE TABLE moments (at timestamptz, spans tstzrange)",
    "INSERT INTO moments SELECT '2026-03-29 01:30Z', '[2026-01-01 00:00Z, 2026-07-01 00:00Z)'",
    r"CREATE TABLE files (content bytea); INSERT INTO files VALUES ('\x00ff5c0a')",
    "CREATE TABLE parents (a int, gone int, b text)",
    "CREATE TABLE children (b text, c int) INHERITS (parents)",
    "ALTER TABLE parents DROP COLUMN gone, ADD d int",
    "INSERT INTO children (a, b, c, d) VALUES (1, 'x', 2, 3), (4, NULL, 5, 6)",
    "INSERT INTO parents VALUES (7, '', 8)",
    r"CREATE TABLE texts (v text); INSERT INTO texts VALUES (NULL), (''), ('\N'), (E'\\.\n\t\r')",
)
"""Values whose text depends on the session, or whose column order on how the table was made."""

TO_BE_CHANGED = {
    "public.prices": "UPDATE prices SET amount = amount + 0.01 WHERE id = 700",
    "public.pairs": "UPDATE pairs SET b = 6 - b",
    "public.doubles": "UPDATE doubles SET v = 'y' WHERE ctid = '(0,1)'",
    "public.nulls": "UPDATE nulls SET v = ''",
    "large objects": "SELECT lo_put(oid, 1, 'z') FROM pg_largeobject_metadata",
}
"""What is changed in the copy: a value; two that change places; a row that is there twice."""


@pytest.mark.parametrize("major", [14, 18])
def test_other_values_in_as_many_rows_fail_the_drill_and_nothing_else_does(
    major: int,
    drills: DrillHarness,
    new_database: Callable[..., Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    database = drills.backups.database = new_database(major)
    database.run(
        *AS_IT_IS,
        "CREATE TABLE prices (id int, amount numeric)",
        "INSERT INTO prices SELECT i, i FROM generate_series(1, 1000) i",
        "CREATE TABLE pairs (a int, b int); INSERT INTO pairs VALUES (1, 2), (3, 4)",
        "CREATE TABLE doubles (v text); INSERT INTO doubles VALUES ('x'), ('x'), ('y')",
        "CREATE TABLE nulls (v text); INSERT INTO nulls VALUES (NULL)",
        "SELECT lo_from_bytea(0, 'abc')",
        f"ALTER DATABASE {database.name} SET timezone = 'Asia/Kathmandu'",
        f"ALTER DATABASE {database.name} SET bytea_output = 'escape'",
    )
    drills.backups.take()
    compare = compare_copy

    def after_changes(run: DrillRun, untested: Untested) -> None:
        with run.session(run.copy_name) as connection:
            connection.execute("SET search_path = public")
            for statement in TO_BE_CHANGED.values():
                connection.execute(statement.encode())
        compare(run, untested)

    monkeypatch.setattr(drill, "compare_copy", after_changes)
    report = drills.hold()

    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["content"])
    named = {detail.partition(":")[0] for detail in check(report, "content").details}
    assert named == set(TO_BE_CHANGED)
    assert (
        "public.prices: the rows that came back are not those that were backed up"
        " (1,000 claimed, 1,000 came back)."
    ) in check(report, "content").details
    equal = {table.name for table in report.tables if table.content}
    assert equal == {"moments", "files", "parents", "children", "texts"}


def test_large_objects_that_the_reader_may_not_read_are_counted_and_never_proven(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills.backups.database.run("SELECT lo_from_bytea(4711, 'abc')")
    drills.backups.take()
    compare = compare_copy

    def without_rights(run: DrillRun, untested: Untested) -> None:
        with run.session(run.copy_name) as connection:
            connection.execute("ALTER LARGE OBJECT 4711 OWNER TO CURRENT_USER")
        compare(run, untested)

    monkeypatch.setattr(drill, "compare_copy", without_rights)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.PARTIAL, [])
    (reason,) = report.reasons
    assert "content: Rows were only counted: pg_dump can't read" in reason
    assert "permission denied for large object 4711" in reason
    assert {table.content for table in report.tables} == {None}
