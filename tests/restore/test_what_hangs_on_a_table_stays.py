"""Keys and triggers of live tables are what they were, after rows have been replaced under them."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from lifeboat.errors import RefusedError
from lifeboat.postgres.connect import Connection, open_again
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.login import Login
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.restore.constraints import empty, without_constraints
from tests.support.backup_harness import MAJORS, Database

PAIR = (
    "CREATE TABLE a (id int PRIMARY KEY, best int)",
    "CREATE TABLE b (id int PRIMARY KEY, a int CONSTRAINT of_a REFERENCES a ON DELETE CASCADE)",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN RAISE EXCEPTION 'a trigger has fired'; END$$",
    "INSERT INTO a SELECT generate_series(1, 9)",
    "INSERT INTO b SELECT i, i FROM generate_series(1, 9) i",
)
PARTS = (
    "CREATE TABLE p (id int, a int CONSTRAINT of_a REFERENCES a) PARTITION BY RANGE (id)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5)",
    "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (5) TO (10)",
    "CREATE TRIGGER noted BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION note()",
)
GOAL = (
    "CREATE TABLE g (id int PRIMARY KEY) PARTITION BY RANGE (id)",
    "CREATE TABLE g1 PARTITION OF g FOR VALUES FROM (0) TO (5)",
    "CREATE TABLE g2 PARTITION OF g FOR VALUES FROM (5) TO (10)",
    "INSERT INTO g SELECT generate_series(1, 9)",
    "CREATE TABLE to_g (g int CONSTRAINT to_g_key REFERENCES g ON UPDATE CASCADE, h int)",
    "ALTER TABLE to_g ADD CONSTRAINT again FOREIGN KEY (h) REFERENCES g (id)",
    "INSERT INTO to_g SELECT i, i FROM generate_series(1, 9) i",
)

#: What is peculiar, the tables whose rows are replaced, and statements that insert these anew.
CASES: dict[str, tuple[tuple[str, ...], list[str], tuple[str, ...]]] = {
    "all triggers of the referring table are off": (
        ("ALTER TABLE b DISABLE TRIGGER ALL", "INSERT INTO b VALUES (77, 77)"),
        ["b"],
        ("INSERT INTO b VALUES (1, 1), (77, 77)",),
    ),
    "all triggers of both are off": (
        ("ALTER TABLE a DISABLE TRIGGER ALL", "ALTER TABLE b DISABLE TRIGGER ALL"),
        ["a", "b"],
        ("INSERT INTO b VALUES (1, 99)", "INSERT INTO a VALUES (1)"),
    ),
    "those of the table that is referred to are off": (
        ("ALTER TABLE a DISABLE TRIGGER ALL",),
        ["a"],
        ("INSERT INTO a SELECT generate_series(1, 12)",),
    ),
    "they fire for replicas only, or for both": (
        (
            "DO $$DECLARE t record; BEGIN FOR t IN SELECT tgname, tgrelid::regclass::text AS of"
            " FROM pg_trigger WHERE tgisinternal LOOP EXECUTE format('ALTER TABLE %s ENABLE %s"
            " TRIGGER %I', t.of, CASE t.of WHEN 'a' THEN 'ALWAYS' ELSE 'REPLICA' END, t.tgname);"
            " END LOOP; END$$",
        ),
        ["a", "b"],
        ("INSERT INTO b VALUES (1, 1)", "INSERT INTO a VALUES (1)"),
    ),
    "a key that was never validated": (
        (
            "ALTER TABLE b DROP CONSTRAINT of_a",
            "INSERT INTO b VALUES (77, 77)",
            "ALTER TABLE b ADD CONSTRAINT late FOREIGN KEY (a) REFERENCES a"
            " DEFERRABLE INITIALLY DEFERRED NOT VALID",
            "COMMENT ON CONSTRAINT late ON b IS 'never validated'",
        ),
        ["b"],
        ("INSERT INTO b VALUES (77, 77)",),
    ),
    "a key to the table itself": (
        ("ALTER TABLE a ADD FOREIGN KEY (best) REFERENCES a",),
        ["a", "b"],
        ("INSERT INTO a VALUES (1, 2)", "INSERT INTO a VALUES (2, 1)"),
    ),
    "a key to the table itself, off": (
        (
            "ALTER TABLE a ADD FOREIGN KEY (best) REFERENCES a",
            "ALTER TABLE a DISABLE TRIGGER ALL",
            "DROP TABLE b",
        ),
        ["a"],
        ("INSERT INTO a VALUES (1, 22)",),
    ),
    "triggers of users in every state": (
        (
            *(
                f"CREATE TRIGGER t{i} BEFORE INSERT OR DELETE ON b FOR EACH ROW"
                " EXECUTE FUNCTION note()"
                for i in range(4)
            ),
            "ALTER TABLE b DISABLE TRIGGER t1",
            "ALTER TABLE b ENABLE REPLICA TRIGGER t2",
            "ALTER TABLE b ENABLE ALWAYS TRIGGER t3",
        ),
        ["b"],
        ("INSERT INTO b VALUES (1, 1)",),
    ),
    "a trigger that is off on one partition": (
        (*PARTS, "ALTER TABLE p1 DISABLE TRIGGER noted"),
        ["p"],
        ("INSERT INTO p VALUES (1, 1), (6, 6)",),
    ),
    "a trigger that is off on the whole and on for one partition": (
        (
            *PARTS,
            "ALTER TABLE p DISABLE TRIGGER noted",
            "ALTER TABLE p2 ENABLE ALWAYS TRIGGER noted",
        ),
        ["p"],
        ("INSERT INTO p VALUES (1, 1), (6, 6)",),
    ),
    "one partition alone": (
        (*PARTS, "ALTER TABLE ONLY p DISABLE TRIGGER noted"),
        ["p2"],
        ("INSERT INTO p2 VALUES (6, 6)",),
    ),
    "a key whose triggers are off on one partition": (
        (*PARTS, "ALTER TABLE p1 DISABLE TRIGGER ALL", "INSERT INTO p1 VALUES (2, 222)"),
        ["p"],
        ("INSERT INTO p VALUES (1, 111), (6, 6)",),
    ),
    "a partition's key with a name and a comment of its own": (
        (
            *PARTS,
            "ALTER TABLE p1 RENAME CONSTRAINT of_a TO mine",
            "COMMENT ON CONSTRAINT mine ON p1 IS 'mine'",
            "COMMENT ON CONSTRAINT of_a ON p IS 'of all'",
        ),
        ["p", "a", "b"],
        ("INSERT INTO p VALUES (1, 1), (6, 6)", "INSERT INTO a SELECT generate_series(1, 9)"),
    ),
    "two partitions' keys with each other's names": (
        (
            "CREATE TABLE q (x int CONSTRAINT one REFERENCES a, y int CONSTRAINT two REFERENCES a)"
            " PARTITION BY LIST (x)",
            "CREATE TABLE q1 PARTITION OF q DEFAULT",
            "ALTER TABLE q1 RENAME CONSTRAINT one TO three",
            "ALTER TABLE q1 RENAME CONSTRAINT two TO one",
            "ALTER TABLE q1 RENAME CONSTRAINT three TO two",
        ),
        ["q"],
        ("INSERT INTO q VALUES (1, 2)",),
    ),
    "keys to a partitioned table": (
        (*GOAL, "COMMENT ON CONSTRAINT again ON to_g IS 'again'"),
        ["g"],
        ("INSERT INTO g SELECT generate_series(1, 9)",),
    ),
    "keys to a partitioned table, from a table whose triggers are off": (
        (*GOAL, "ALTER TABLE to_g DISABLE TRIGGER ALL"),
        ["g", "to_g"],
        ("INSERT INTO g SELECT generate_series(1, 3)", "INSERT INTO to_g VALUES (99, 99)"),
    ),
    "keys to a partitioned table, which are off on one partition": (
        (*GOAL, "ALTER TABLE g1 DISABLE TRIGGER ALL"),
        ["g"],
        ("INSERT INTO g SELECT generate_series(1, 12) % 10 ON CONFLICT DO NOTHING",),
    ),
    "a key that always fires, and holds": (
        (
            "DO $$DECLARE t record; BEGIN FOR t IN SELECT tgname, tgrelid::regclass::text AS of"
            " FROM pg_trigger WHERE tgisinternal LOOP EXECUTE format('ALTER TABLE %s ENABLE ALWAYS"
            " TRIGGER %I', t.of, t.tgname); END LOOP; END$$",
        ),
        ["a", "b"],
        ("INSERT INTO b VALUES (1, 1)", "INSERT INTO a VALUES (1)"),
    ),
}


def login(database: Database, **as_whom: str) -> Login:
    endpoint, _ = check_endpoint(parse_secret(database.server.url(database.name, **as_whom)))
    return Login(endpoint)


def everything(database: Database) -> Any:
    """Each constraint and trigger of the database with all that the catalog has of it.

    Numbers aside, and the names of triggers that are made of them.
    """
    return database.value(
        "SELECT json_build_array("
        " (SELECT json_agg(json_build_array(c.conrelid::regclass, c.confrelid::regclass, c.conname,"
        "   pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable, c.condeferred,"
        "   c.conislocal, c.coninhcount, c.connoinherit, p.conrelid::regclass, p.conname,"
        "   obj_description(c.oid, 'pg_constraint'),"
        "   (SELECT count(*) FROM pg_depend d WHERE d.classid = 'pg_constraint'::regclass"
        "    AND d.objid = c.oid)) ORDER BY c.conrelid::regclass::text, c.conname)"
        "  FROM pg_constraint c LEFT JOIN pg_constraint p ON p.oid = c.conparentid"
        "  WHERE c.connamespace = 'public'::regnamespace),"
        " (SELECT json_agg(of ORDER BY of::text) FROM (SELECT json_build_array("
        "   t.tgrelid::regclass, t.tgfoid::regproc, t.tgtype, t.tgenabled, c.conname,"
        "   c.conrelid::regclass, t.tgdeferrable, t.tginitdeferred, t.tgconstrrelid::regclass,"
        "   CASE WHEN t.tgconstraint = 0 THEN t.tgname END,"
        "   obj_description(t.oid, 'pg_trigger')) AS of"
        "  FROM pg_trigger t LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint) x),"
        " (SELECT json_agg(json_build_array(relname, relreplident, relowner, relacl::text)"
        "   ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace))"
    )


def replace(connection: Connection, tables: list[str], statements: tuple[str, ...]) -> None:
    names = [("public", each) for each in tables]
    with connection.transaction(), without_constraints(connection, names) as kept:
        empty(connection, names, kept)
        connection.execute("SET LOCAL search_path = public")
        for statement in statements:
            connection.execute(statement)
        connection.execute("SET LOCAL search_path = ''")


@pytest.mark.parametrize("major", [MAJORS[0], MAJORS[-1]])
@pytest.mark.parametrize("case", CASES)
def test_keys_and_triggers_are_what_they_were(
    case: str, major: int, new_database: Callable[..., Database]
) -> None:
    made, tables, statements = CASES[case]
    database = new_database(major)
    database.run(*PAIR, *made)
    before = everything(database)
    with closing(open_again(login(database))) as connection:
        replace(connection, tables, statements)
    assert everything(database) == before


@pytest.mark.parametrize("major", [MAJORS[0], MAJORS[-1]])
@pytest.mark.parametrize(
    ("made", "tables", "statements"),
    [
        ((), ["a"], ("INSERT INTO a VALUES (1)",)),
        ((), ["b"], ("INSERT INTO b VALUES (1, 99)",)),
        (PARTS, ["p"], ("INSERT INTO p VALUES (1, 99)",)),
        (
            (*PARTS, "ALTER TABLE p1 DISABLE TRIGGER ALL"),
            ["p"],
            ("INSERT INTO p VALUES (6, 99)",),
        ),
        (GOAL, ["g"], ("INSERT INTO g VALUES (1)",)),
    ],
    ids=["to", "from", "partitioned", "on in one partition only", "to a partitioned one"],
)
def test_rows_that_break_a_key_in_force_change_nothing(
    made: tuple[str, ...],
    tables: list[str],
    statements: tuple[str, ...],
    major: int,
    new_database: Callable[..., Database],
) -> None:
    database = new_database(major)
    database.run(*PAIR, *made)
    before = everything(database), database.inventory()
    with (
        closing(open_again(login(database))) as connection,
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        replace(connection, tables, statements)
    assert (everything(database), database.inventory()) == before


@pytest.fixture(params=[MAJORS[0], MAJORS[-1]])
def owned(request: pytest.FixtureRequest, new_database: Callable[..., Database]) -> Any:
    """A database whose tables belong to a role that is no superuser."""
    database = new_database(request.param)
    database.run(
        "CREATE ROLE keeper LOGIN PASSWORD 'kept'",
        *PAIR,
        "GRANT CREATE, USAGE ON SCHEMA public TO keeper",
        "ALTER TABLE a OWNER TO keeper",
        "ALTER TABLE b OWNER TO keeper",
    )
    yield database
    database.run("DROP OWNED BY keeper", "DROP ROLE keeper")


def test_an_owner_who_is_no_superuser_replaces_rows_under_plain_keys(owned: Database) -> None:
    before = everything(owned)
    with closing(open_again(login(owned, user="keeper", password="kept"))) as connection:
        replace(connection, ["a", "b"], ("INSERT INTO b VALUES (1, 1)", "INSERT INTO a VALUES (1)"))
    assert everything(owned) == before


def test_an_owner_replaces_rows_of_a_partitioned_table_with_triggers(owned: Database) -> None:
    owned.run(*PARTS, *(f"ALTER TABLE {each} OWNER TO keeper" for each in ("p", "p1", "p2")))
    before = everything(owned)
    with closing(open_again(login(owned, user="keeper", password="kept"))) as connection:
        replace(connection, ["p"], ("INSERT INTO p VALUES (1, 1), (6, 6)",))
    assert everything(owned) == before


def test_keys_that_only_a_superuser_could_give_back_are_not_taken_off(owned: Database) -> None:
    owned.run("ALTER TABLE b DISABLE TRIGGER ALL")
    before = everything(owned), owned.inventory()
    with closing(open_again(login(owned, user="keeper", password="kept"))) as connection:
        replace(connection, ["b"], ("INSERT INTO b SELECT i, i FROM generate_series(1, 9) i",))
        assert (everything(owned), owned.inventory()) == before
        with pytest.raises(RefusedError, match=r"public\.b: FOREIGN KEY \(a\)"):
            replace(connection, ["a"], ("INSERT INTO a VALUES (1)",))
    assert (everything(owned), owned.inventory()) == before


@pytest.mark.parametrize("major", [MAJORS[0], MAJORS[-1]])
def test_what_inherits_from_a_table_keeps_its_rows(
    major: int, new_database: Callable[..., Database]
) -> None:
    database = new_database(major)
    database.run(
        *PAIR,
        "CREATE TABLE heir () INHERITS (b)",
        "CREATE TRIGGER noted BEFORE INSERT ON heir FOR EACH ROW EXECUTE FUNCTION note()",
        "ALTER TABLE heir DISABLE TRIGGER noted",
        "INSERT INTO heir VALUES (100, 1), (101, 1)",
        "ALTER TABLE heir ENABLE TRIGGER noted",
    )
    before = everything(database)
    with closing(open_again(login(database))) as connection:
        names = [("public", "b")]
        with connection.transaction(), without_constraints(connection, names) as kept:
            empty(connection, names, kept)
            connection.execute("INSERT INTO public.b VALUES (1, 1)")
            locked = "SELECT count(*) FROM pg_locks WHERE relation = 'public.heir'::regclass"
            locks = connection.execute(f"{locked} AND mode = 'AccessExclusiveLock'").fetchone()
    assert locks == (0,)
    assert database.value("SELECT count(*) FROM heir") == 2
    assert database.value("SELECT count(*) FROM ONLY b") == 1
    assert everything(database) == before
