"""Objects are counted as pg_dump chooses them, so a sound backup is never called a lacking one."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from lifeboat.model.drill_report import Verdict
from tests.support.backup_harness import BackupHarness, Database, eventually, run_program
from tests.support.drill_harness import DrillHarness, without_extension

FIRST_AND_LAST = (14, 18)

#: What the inventory counts, as stock pg_restore writes it.
STATEMENTS = {
    "indexes": r"CREATE (UNIQUE )?INDEX |    ADD CONSTRAINT \S+ (PRIMARY KEY|UNIQUE|EXCLUDE) ",
    "views": r"CREATE VIEW ",
    "materialized_views": r"CREATE MATERIALIZED VIEW ",
    "functions": r"CREATE (FUNCTION|PROCEDURE|AGGREGATE) ",
    "triggers": r"CREATE (CONSTRAINT )?TRIGGER ",
    "policies": r"CREATE POLICY ",
}

EVERYWHERE: Mapping[str, tuple[str, ...]] = {
    "an index that its making left invalid": (
        "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "INSERT INTO users VALUES (1, 'a'), (2, 'a')",
        "fails: CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)",
    ),
    "what a reindex left": (
        "CREATE TABLE t (id int)",
        "CREATE UNIQUE INDEX t_id ON t (id)",
        "INSERT INTO t VALUES (1)",
        "UPDATE pg_index SET indisunique = false, indimmediate = true"
        " WHERE indexrelid = 't_id'::regclass",
        "INSERT INTO t VALUES (1)",
        "UPDATE pg_index SET indisunique = true WHERE indexrelid = 't_id'::regclass",
        "fails: REINDEX INDEX CONCURRENTLY t_id",
        "DELETE FROM t",
    ),
    "an index that is not ready": (
        "CREATE TABLE t (id int)",
        "CREATE INDEX t_id ON t (id)",
        "UPDATE pg_index SET indisvalid = false, indisready = false"
        " WHERE indexrelid = 't_id'::regclass",
    ),
    "an invalid partitioned index, which pg_dump does dump": (
        "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
        "CREATE INDEX p_a ON ONLY p (a)",
        "CREATE INDEX p1_a ON p1 (a)",
        "ALTER INDEX p_a ATTACH PARTITION p1_a",
    ),
    "a partition whose attached index is invalid": (
        "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE INDEX p_a ON ONLY p (a)",
        "INSERT INTO p SELECT 1 FROM generate_series(1, 2)",
        "fails: CREATE UNIQUE INDEX CONCURRENTLY p1_u ON p1 (a)",
        "CREATE INDEX p1_a ON p1 (a)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'p1_a'::regclass",
        "ALTER INDEX p_a ATTACH PARTITION p1_a",
    ),
    "an invalid primary key": (
        "CREATE TABLE t (id int CONSTRAINT t_key UNIQUE)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_key'::regclass",
    ),
    "an extension's table with what belongs to it, and with the user's own on it": (
        "CREATE EXTENSION hstore",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE theirs (id int PRIMARY KEY, n text UNIQUE CHECK (n <> ''))",
        "CREATE INDEX ours ON theirs (lower(n))",
        "CREATE TRIGGER touch BEFORE INSERT ON theirs FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE TABLE mine (id int REFERENCES theirs, PRIMARY KEY (id))",
        "ALTER TABLE mine DROP CONSTRAINT mine_id_fkey",
        "CREATE VIEW their_view AS SELECT 1 AS one",
        "CREATE MATERIALIZED VIEW their_matview AS SELECT 1 AS one",
        "CREATE UNIQUE INDEX their_matview_one ON their_matview (one)",
        "ALTER EXTENSION hstore ADD TABLE theirs",
        "ALTER EXTENSION hstore ADD VIEW their_view",
        "ALTER EXTENSION hstore ADD MATERIALIZED VIEW their_matview",
    ),
    "an extension's range type, whose functions are nobody's": (
        "CREATE EXTENSION hstore",
        "CREATE TYPE span AS RANGE (subtype = int4)",
        "CREATE TYPE my_span AS RANGE (subtype = int8)",
        "ALTER EXTENSION hstore ADD TYPE span",
    ),
    "row triggers of partitioned tables, two levels deep": (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE p (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (a)",
        "CREATE TABLE p11 PARTITION OF p1 FOR VALUES FROM (0) TO (5)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
        "CREATE TRIGGER touch AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE TRIGGER own AFTER INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON p DEFERRABLE FOR EACH ROW"
        " EXECUTE FUNCTION touch()",
        "ALTER TABLE p2 DISABLE TRIGGER touch",
    ),
    "foreign keys from and to partitioned tables": (
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (a)",
        "CREATE TABLE p21 PARTITION OF p2 FOR VALUES FROM (10) TO (15)",
        "CREATE TABLE plain (a int REFERENCES p)",
        "CREATE TABLE q (a int REFERENCES p) PARTITION BY RANGE (a)",
        "CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (10)",
    ),
    "checks that are inherited, and validated in the child only": (
        "CREATE TABLE parent (a int, b int NOT NULL, CONSTRAINT small CHECK (a < 10))",
        "CREATE TABLE child () INHERITS (parent)",
        "CREATE TABLE own (CONSTRAINT small CHECK (a < 10)) INHERITS (parent)",
        "ALTER TABLE parent ADD CONSTRAINT late CHECK (b < 10) NOT VALID",
        "ALTER TABLE child VALIDATE CONSTRAINT late",
        "CREATE TABLE p (a int, CONSTRAINT few CHECK (a < 100)) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 (a int, CONSTRAINT few CHECK (a < 100))",
        "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)",
    ),
    "exclusion constraints, statistics and rules": (
        "CREATE TABLE t (a int, b int, r int4range, EXCLUDE USING gist (r WITH &&))",
        "CREATE STATISTICS s ON a, b FROM t",
        "CREATE RULE nothing AS ON DELETE TO t DO INSTEAD NOTHING",
    ),
    "policies": ("CREATE TABLE t (id int)", "CREATE POLICY everybody ON t USING (true)"),
    "a partition that was detached half-way": (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE p (a int REFERENCES t, PRIMARY KEY (a)) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TRIGGER touch AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION touch()",
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass",
    ),
    "views with triggers and options, and what hangs on foreign tables": (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE VIEW v AS SELECT 1 AS one",
        "CREATE TRIGGER touch INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE SERVER s FOREIGN DATA WRAPPER w",
        "CREATE FOREIGN TABLE f (id int CHECK (id > 0)) SERVER s",
        "CREATE TRIGGER touch BEFORE INSERT ON f FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE MATERIALIZED VIEW m AS SELECT 1 AS one",
        "CREATE INDEX m_one ON m (one)",
    ),
    "functions, procedures and aggregates": (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
        "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int)",
        "CREATE TYPE span AS RANGE (subtype = int8)",
    ),
    "what a session has for itself": (
        "session: CREATE TEMP TABLE mine (id int PRIMARY KEY, n int UNIQUE CHECK (n > 0))",
        "session: CREATE TEMP VIEW mine_too AS SELECT * FROM mine",
        "session: CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
}

SINCE_18: Mapping[str, tuple[str, ...]] = {
    "not-null constraints by name, and not valid": (
        "CREATE TABLE t (a int CONSTRAINT there NOT NULL, b int)",
        "ALTER TABLE t ADD CONSTRAINT later NOT NULL b NOT VALID",
        "CREATE TABLE heir () INHERITS (t)",
    ),
    "constraints that are not enforced": (
        "CREATE TABLE t (id int PRIMARY KEY, CONSTRAINT c CHECK (id > 0) NOT ENFORCED)",
        "CREATE TABLE u (id int REFERENCES t NOT ENFORCED)",
    ),
    "foreign keys of partitioned tables that are not valid": (
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES t NOT VALID",
    ),
}


def make(database: Database, statements: tuple[str, ...]) -> psycopg.Connection:
    """Run them; those that begin with `fails:` have to. The session of the others stays open."""
    session = database.connect()
    session.execute("SET allow_system_table_mods = on")
    for each in statements:
        kind, _, rest = each.rpartition(": ")
        if kind.startswith("fails"):
            with pytest.raises(psycopg.Error):
                session.execute(rest)
        else:
            session.execute(each.removeprefix("session: "))
    return session


def statements(backups: BackupHarness) -> dict[str, int]:
    """What stock pg_restore would make, of each kind that a statement of its own makes."""
    archive = backups.scratch / "archive.dump"
    programs = backups.database.server.programs
    script = run_program([programs / "pg_restore", "--schema-only", "--file=-", archive])
    return {
        kind: len(re.findall(f"^(?:{pattern})", script, re.MULTILINE))
        for kind, pattern in STATEMENTS.items()
    }


def require_counted_as_dumped(backups: BackupHarness, target: Database) -> None:
    claimed = backups.take().manifest.inventory.counts.model_dump()
    backups.restore(target, jobs=1)
    assert target.inventory().counts.model_dump() == claimed
    assert {kind: claimed[kind] for kind in STATEMENTS} == statements(backups)


@pytest.mark.parametrize("major", FIRST_AND_LAST)
@pytest.mark.parametrize("kind", EVERYWHERE)
def test_what_is_counted_is_what_stock_programs_bring_back(
    kind: str, major: int, new_database: Callable[..., Database], backups: BackupHarness
) -> None:
    backups.database = new_database(major)
    with make(backups.database, EVERYWHERE[kind]):
        require_counted_as_dumped(backups, new_database(major))


def test_an_index_that_is_being_made_meanwhile_does_not_count(
    new_database: Callable[..., Database], backups: BackupHarness
) -> None:
    database = backups.database = new_database(18)
    database.run("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    making = "CREATE INDEX CONCURRENTLY t_id ON t (id)"
    with database.connect() as holds_it_up, ThreadPoolExecutor(1) as pool:
        holds_it_up.execute("BEGIN")
        holds_it_up.execute("UPDATE t SET id = 2")
        made = pool.submit(database.run, making)
        eventually(lambda: database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
        require_counted_as_dumped(backups, new_database(18))
        holds_it_up.execute("COMMIT")
        made.result()
    assert backups.manifest().inventory.counts.indexes == 0


@pytest.mark.parametrize("kind", SINCE_18)
def test_what_is_new_in_18_is_counted_as_it_comes_back(
    kind: str, new_database: Callable[..., Database], backups: BackupHarness
) -> None:
    backups.database = new_database(18)
    with make(backups.database, SINCE_18[kind]):
        require_counted_as_dumped(backups, new_database(18))


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_what_14_counts_comes_back_in_18(
    kind: str, new_database: Callable[..., Database], backups: BackupHarness
) -> None:
    backups.database = new_database(14)
    with make(backups.database, EVERYWHERE[kind]):
        require_counted_as_dumped(backups, new_database(18))


def test_an_extension_that_is_lacking_takes_its_tables_indexes_along(
    new_database: Callable[..., Database], drills: DrillHarness, tmp_path: Path
) -> None:
    """PostGIS and its kin have tables with keys, which the drill's server can't have."""
    drills.backups.database = new_database(18)
    kind = "an extension's table with what belongs to it, and with the user's own on it"
    make(drills.backups.database, EVERYWHERE[kind]).close()
    drills.backups.take()
    drills.programs = without_extension(drills.programs, 18, "hstore", tmp_path / "poor")
    report = drills.hold()
    assert report.verdict is Verdict.PARTIAL, report.reasons


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
