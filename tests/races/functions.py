"""Functions and operators that change, with what calls them."""

from tests.races.kinds import DOUBLE, OPCLASS, OPERATOR, ROWS, TRIGGER, TRIPLE, Kind, kind

FUNCTIONS: tuple[Kind, ...] = (
    kind(
        "function of a check renamed",
        (
            "CREATE FUNCTION {s}.okay(i int) RETURNS bool LANGUAGE plpgsql IMMUTABLE"
            " AS 'BEGIN RETURN i > -5; END'",
            "CREATE TABLE {s}.t (id int CHECK ({s}.okay(id)))",
            "INSERT INTO {s}.t VALUES (1)",
        ),
        "ALTER FUNCTION {s}.okay(int) RENAME TO okay2",
        says="function {s}.okay(integer) was renamed",
        back="ALTER FUNCTION {s}.okay2(int) RENAME TO okay",
    ),
    kind(
        "function of an index moved",
        (ROWS, DOUBLE, "CREATE INDEX t_double ON {s}.t ({s}.double(id))"),
        "ALTER FUNCTION {s}.double(int) SET SCHEMA elsewhere",
        says="function {s}.double(integer) was moved to another schema",
    ),
    kind(
        "function of a default renamed",
        (
            DOUBLE,
            "CREATE TABLE {s}.t (id int DEFAULT {s}.double(4))",
            "INSERT INTO {s}.t VALUES (1)",
        ),
        "ALTER FUNCTION {s}.double(int) RENAME TO twice",
        says="function {s}.double(integer) was renamed",
        back="ALTER FUNCTION {s}.twice(int) RENAME TO double",
    ),
    kind(
        "function of a trigger renamed",
        TRIGGER,
        "ALTER FUNCTION {s}.trg() RENAME TO trg2",
        says="function {s}.trg() was renamed",
        back="ALTER FUNCTION {s}.trg2() RENAME TO trg",
    ),
    kind(
        "function of a policy renamed",
        (ROWS, DOUBLE, "CREATE POLICY own ON {s}.t USING ({s}.double(id) > 4)"),
        "ALTER FUNCTION {s}.double(int) RENAME TO twice",
        says="function {s}.double(integer) was renamed",
    ),
    kind(
        "function of a view renamed",
        (ROWS, DOUBLE, "CREATE VIEW {s}.v AS SELECT {s}.double(id) AS d FROM {s}.t"),
        "ALTER FUNCTION {s}.double(int) RENAME TO twice",
        says="function {s}.double(integer) was renamed",
    ),
    kind(
        "function of a generated column renamed",
        (
            DOUBLE,
            "CREATE TABLE {s}.t (id int, d int GENERATED ALWAYS AS ({s}.double(id)) STORED)",
            "INSERT INTO {s}.t VALUES (1)",
        ),
        "ALTER FUNCTION {s}.double(int) RENAME TO twice",
        says="function {s}.double(integer) was renamed",
    ),
    kind(
        "function of a partition key renamed",
        (
            DOUBLE,
            "CREATE TABLE {s}.p (id int) PARTITION BY RANGE ({s}.double(id))",
            "CREATE TABLE {s}.p1 PARTITION OF {s}.p FOR VALUES FROM (0) TO (10)",
            "INSERT INTO {s}.p VALUES (1)",
        ),
        "ALTER FUNCTION {s}.double(int) RENAME TO twice",
        says="function {s}.double(integer) was renamed",
    ),
    kind(
        "function of a cast renamed",
        (
            "CREATE TYPE {s}.pair AS (a int, b text)",
            "CREATE FUNCTION {s}.to_int(p {s}.pair) RETURNS int LANGUAGE sql AS 'SELECT (p).a'",
            "CREATE CAST ({s}.pair AS int) WITH FUNCTION {s}.to_int({s}.pair)",
        ),
        "ALTER FUNCTION {s}.to_int({s}.pair) RENAME TO as_int",
        says="function {s}.to_int({s}.pair) was renamed",
    ),
    kind(
        "functions swapped",
        (ROWS, DOUBLE, TRIPLE, "CREATE INDEX t_double ON {s}.t ({s}.double(id))"),
        "ALTER FUNCTION {s}.double(int) RENAME TO tmp",
        "ALTER FUNCTION {s}.triple(int) RENAME TO double",
        "ALTER FUNCTION {s}.tmp(int) RENAME TO triple",
        says="function {s}.double(integer) was renamed",
    ),
    kind(
        "function replaced",
        (DOUBLE,),
        DOUBLE.replace("CREATE", "CREATE OR REPLACE").replace("2", "4"),
        says="function {s}.double(integer) was altered or replaced",
    ),
    kind(
        "function with a parsed body replaced by one in quotes",
        ("CREATE FUNCTION {s}.double(i int) RETURNS int LANGUAGE sql RETURN i * 2",),
        "CREATE OR REPLACE FUNCTION {s}.double(i int) RETURNS int LANGUAGE sql AS 'SELECT i * 2'",
        says="function {s}.double(integer) was altered or replaced",
    ),
    kind(
        "function set",
        (DOUBLE,),
        "ALTER FUNCTION {s}.double(int) SET search_path = elsewhere",
        says="function {s}.double(integer) was altered or replaced",
    ),
    kind(
        "function drop",
        (DOUBLE,),
        "DROP FUNCTION {s}.double(int)",
        says="function {s}.double(integer) was dropped",
    ),
    kind(
        "procedure rename",
        ("CREATE PROCEDURE {s}.act() LANGUAGE sql AS 'SELECT 1'",),
        "ALTER PROCEDURE {s}.act() RENAME TO act2",
        says="procedure {s}.act() was renamed",
    ),
    kind(
        "aggregate rename",
        (
            "CREATE AGGREGATE {s}.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
            ROWS,
            "CREATE VIEW {s}.v AS SELECT {s}.total(id) AS x FROM {s}.t",
        ),
        "ALTER AGGREGATE {s}.total(int) RENAME TO total2",
        says="aggregate {s}.total(integer) was renamed",
    ),
    kind(
        "operator set schema",
        OPERATOR,
        "ALTER OPERATOR {s}.=== (int, int) SET SCHEMA elsewhere",
        says='operator {s}."===" was moved to another schema',
    ),
    kind(
        "operator drop",
        OPERATOR[:2],
        "DROP OPERATOR {s}.=== (int, int)",
        says='operator {s}."===" was dropped',
    ),
    kind(
        "operator class rename",
        OPCLASS,
        "ALTER OPERATOR CLASS {s}.cls USING btree RENAME TO cls2",
        says="operator class {s}.cls was renamed",
    ),
    kind(
        "operator family rename",
        OPCLASS,
        "ALTER OPERATOR FAMILY {s}.fam USING btree RENAME TO fam2",
        says="operator family {s}.fam was renamed",
    ),
)
