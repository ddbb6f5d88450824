"""Kinds of statements that people run while a dump runs: each in a schema of its own, `{s}`."""

from dataclasses import dataclass

ENUM = (
    "CREATE TYPE {s}.mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE TABLE {s}.t (id int, m {s}.mood DEFAULT 'sad')",
    "INSERT INTO {s}.t VALUES (1, 'sad'), (2, 'ok'), (3, 'happy')",
)
PAIR = (
    "CREATE TYPE {s}.pair AS (a int, b text)",
    "CREATE TABLE {s}.t (p {s}.pair, q {s}.pair[])",
    "INSERT INTO {s}.t VALUES ((1, 'x'), ARRAY[(2, 'y')::{s}.pair])",
)
DOMAIN = (
    "CREATE DOMAIN {s}.posint AS int DEFAULT 1 CONSTRAINT positive CHECK (VALUE > 0)",
    "CREATE TABLE {s}.t (d {s}.posint)",
    "INSERT INTO {s}.t VALUES (1), (2)",
)
DOUBLE = "CREATE FUNCTION {s}.double(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2'"
TRIPLE = "CREATE FUNCTION {s}.triple(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 3'"
ROWS = "CREATE TABLE {s}.t AS SELECT i AS id, i * 2 AS v FROM generate_series(1, 9) i"
TRIGGER_FUNCTION = (
    "CREATE FUNCTION {s}.trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE FUNCTION {s}.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
)
TRIGGER = (
    ROWS,
    *TRIGGER_FUNCTION,
    "CREATE TRIGGER tr BEFORE INSERT ON {s}.t FOR EACH ROW EXECUTE FUNCTION {s}.trg()",
)
VIEW = (ROWS, "CREATE VIEW {s}.v AS SELECT id, v FROM {s}.t")
VIEWS = (*VIEW, "CREATE VIEW {s}.above AS SELECT id FROM {s}.v WHERE v > 2")
MATVIEW = (
    ROWS,
    "CREATE MATERIALIZED VIEW {s}.mv AS SELECT id, v FROM {s}.t",
    "CREATE UNIQUE INDEX mv_id ON {s}.mv (id)",
)
FOREIGN = (
    "CREATE FOREIGN DATA WRAPPER {s}_fdw",
    "CREATE SERVER {s}_server FOREIGN DATA WRAPPER {s}_fdw OPTIONS (host 'a')",
    "CREATE FOREIGN TABLE {s}.f (a int, b text) SERVER {s}_server",
)
SEQUENCE = (
    "CREATE SEQUENCE {s}.seq START 5",
    "CREATE TABLE {s}.t (id int DEFAULT nextval('{s}.seq'))",
    "INSERT INTO {s}.t VALUES (1)",
)
STATISTICS = (ROWS, "CREATE STATISTICS {s}.st (dependencies) ON id, v FROM {s}.t")
TEXT_SEARCH = (
    "CREATE TEXT SEARCH DICTIONARY {s}.dict (TEMPLATE = simple)",
    "CREATE TEXT SEARCH CONFIGURATION {s}.cfg (COPY = simple)",
    "ALTER TEXT SEARCH CONFIGURATION {s}.cfg ALTER MAPPING FOR word WITH {s}.dict",
    "CREATE TABLE {s}.t (x text, ts tsvector GENERATED ALWAYS AS"
    " (to_tsvector('{s}.cfg', coalesce(x, ''))) STORED)",
    "INSERT INTO {s}.t (x) VALUES ('a b')",
)
OPERATOR = (
    "CREATE FUNCTION {s}.same(a int, b int) RETURNS bool LANGUAGE sql AS 'SELECT a = b'",
    "CREATE OPERATOR {s}.=== (FUNCTION = {s}.same, LEFTARG = int, RIGHTARG = int)",
    ROWS,
    "CREATE VIEW {s}.v AS SELECT id FROM {s}.t WHERE id OPERATOR({s}.===) v",
)
OPCLASS = (
    "CREATE OPERATOR FAMILY {s}.fam USING btree",
    "CREATE OPERATOR CLASS {s}.cls FOR TYPE int USING btree FAMILY {s}.fam AS"
    " OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,"
    " FUNCTION 1 btint4cmp(int, int)",
    ROWS,
    "CREATE INDEX by_class ON {s}.t (id {s}.cls)",
)
COLLATION = (
    "CREATE COLLATION {s}.coll (locale = 'C')",
    "CREATE TABLE {s}.t (x text COLLATE {s}.coll)",
    "INSERT INTO {s}.t VALUES ('a')",
)
INDEXED = (ROWS, "CREATE INDEX t_v ON {s}.t (v)", "COMMENT ON INDEX {s}.t_v IS 'c'")
PARTITIONED = (
    "CREATE TABLE {s}.p (id int) PARTITION BY RANGE (id)",
    "CREATE TABLE {s}.p1 PARTITION OF {s}.p FOR VALUES FROM (0) TO (10)",
    "INSERT INTO {s}.p VALUES (1), (2)",
)
ROLE = (
    "CREATE ROLE {r}",
    "CREATE FUNCTION {s}.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "GRANT EXECUTE ON FUNCTION {s}.f() TO {r}",
)


@dataclass(frozen=True)
class Kind:
    """One thing that is done to definitions.

    Attributes:
        name: in a few words.
        setup: what there is before.
        act: the statements, each in a transaction of its own.
        says: what the refusal says of it; empty when it is no reason to refuse.
        back: the statements that take it back, for what can be done and undone all the time.
        since: the first major that knows it.
    """

    name: str
    setup: tuple[str, ...]
    act: tuple[str, ...]
    says: str = ""
    back: tuple[str, ...] = ()
    since: int = 14


def kind(
    name: str,
    setup: tuple[str, ...],
    *act: str,
    says: str = "",
    back: str = "",
    since: int = 14,
) -> Kind:
    return Kind(name, setup, act, says, (back,) if back else (), since)
