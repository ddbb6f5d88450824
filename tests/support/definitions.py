"""Objects whose definitions are easily lost, or come back in other words."""

from tests.support.backup_harness import Database

ODD: dict[str, tuple[str, ...]] = {
    "an index that its making left invalid": (
        "CREATE TABLE users (id int PRIMARY KEY, email text)",
        "INSERT INTO users VALUES (1, 'a'), (2, 'a')",
        "CREATE INDEX users_email ON users (email)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'users_email'::regclass",
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
        "CREATE VIEW their_view AS SELECT 1 AS one",
        "CREATE MATERIALIZED VIEW their_matview AS SELECT 1 AS one",
        "CREATE UNIQUE INDEX their_matview_one ON their_matview (one)",
        "ALTER EXTENSION hstore ADD TABLE theirs",
        "ALTER EXTENSION hstore ADD VIEW their_view",
        "ALTER EXTENSION hstore ADD MATERIALIZED VIEW their_matview",
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
    "columns and checks that are inherited, and validated in the child only": (
        "CREATE TABLE parent (a int, b int NOT NULL, CONSTRAINT small CHECK (a < 10))",
        "CREATE TABLE child () INHERITS (parent)",
        "CREATE TABLE own (CONSTRAINT small CHECK (a < 10)) INHERITS (parent)",
        "CREATE TABLE ordered (c int, b int, a int DEFAULT 4) INHERITS (parent)",
        "ALTER TABLE ordered DROP COLUMN c",
        "ALTER TABLE parent ADD COLUMN late int DEFAULT 3",
        "ALTER TABLE parent ADD CONSTRAINT late CHECK (b < 10) NOT VALID",
        "ALTER TABLE child VALIDATE CONSTRAINT late",
        "CREATE TABLE p (a int, CONSTRAINT few CHECK (a < 100)) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE p2 (a int, CONSTRAINT few CHECK (a < 100))",
        "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)",
    ),
    "a partition that was detached half-way": (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE p (a int REFERENCES t, PRIMARY KEY (a)) PARTITION BY RANGE (a)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "CREATE TRIGGER touch AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION touch()",
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass",
    ),
    "views with triggers, and what hangs on foreign tables": (
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE VIEW v AS SELECT 1 AS one",
        "CREATE TRIGGER touch INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE FOREIGN DATA WRAPPER w",
        "CREATE SERVER s TYPE 'x' FOREIGN DATA WRAPPER w OPTIONS (host 'h')",
        "CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'p')",
        "CREATE FOREIGN TABLE f (id int OPTIONS (a 'b') CHECK (id > 0)) SERVER s",
        "CREATE TRIGGER touch BEFORE INSERT ON f FOR EACH ROW EXECUTE FUNCTION touch()",
    ),
    "what PostgreSQL prints in other words once it has read it": (
        "CREATE TABLE v (id int PRIMARY KEY, status varchar(9) CHECK (status IN ('a', 'b')))",
        "CREATE TABLE w (id int, other text, status varchar)",
        "CREATE DOMAIN dom AS varchar CHECK (VALUE IN ('a', 'b'))",
        "CREATE INDEX part ON v (id) WHERE status IN ('a', 'b')",
        "CREATE VIEW vv AS SELECT * FROM v WHERE status IN ('a', 'b')",
        "CREATE VIEW joined AS SELECT id, x.y FROM v a LEFT JOIN w b USING (id, status)"
        " CROSS JOIN LATERAL (SELECT a.id + 1 AS y) x ORDER BY 1 DESC LIMIT 3",
        "CREATE VIEW grouped AS SELECT id, status, count(*) FROM v GROUP BY id",
        "CREATE VIEW tree AS WITH RECURSIVE r (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r"
        " WHERE n < 5) SELECT n, sum(n) OVER (w ROWS 1 PRECEDING), n IN (1, 2) AS few,"
        " (ARRAY[1, 2, 3])[1:2] AS cut FROM r WINDOW w AS (ORDER BY n)",
        "ALTER TABLE v ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY po ON v USING (status IN ('a', 'b'))",
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER tr BEFORE UPDATE OF status ON v FOR EACH ROW"
        " WHEN (NEW.status IN ('a', 'b')) EXECUTE FUNCTION stamp('a', 'b''c')",
        "CREATE FUNCTION body(a varchar) RETURNS bool LANGUAGE sql IMMUTABLE BEGIN ATOMIC"
        " SELECT a IN ('x', 'y'); END",
        "CREATE FUNCTION many(a int DEFAULT 1, VARIADIC b varchar[] DEFAULT ARRAY['x'::varchar])"
        " RETURNS TABLE (q int) LANGUAGE sql STABLE COST 7 SET search_path = public AS 'SELECT 1'",
        "CREATE RULE r AS ON UPDATE TO w WHERE OLD.status IN ('a', 'b')"
        " DO ALSO (INSERT INTO w VALUES (NEW.id, 'x', NEW.status); DELETE FROM v WHERE id = 1)",
        "CREATE STATISTICS st (mcv) ON (lower(status)), (id % 3) FROM v",
        "CREATE TABLE made (a int, b text GENERATED ALWAYS AS (CASE WHEN a IN (1, 2) THEN 'x'"
        " END) STORED, c int GENERATED BY DEFAULT AS IDENTITY (START 7 CACHE 3))",
        "CREATE TABLE parts (a varchar) PARTITION BY RANGE (lower(a), (a || 'x'))",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('a', 'b') TO ('c', MAXVALUE)",
    ),
    "what else is set on a table, or said of it": (
        "CREATE TABLE t (id int PRIMARY KEY, name text)",
        "ALTER TABLE t CLUSTER ON t_pkey, REPLICA IDENTITY USING INDEX t_pkey",
        "ALTER TABLE t ALTER name SET STORAGE EXTERNAL, ALTER name SET STATISTICS 77,"
        " ALTER id SET (n_distinct = 5), SET (autovacuum_enabled = false)",
        "COMMENT ON COLUMN t.name IS 'it''s \\ odd'",
        "GRANT SELECT (id), UPDATE ON t TO PUBLIC",
        "CREATE PUBLICATION pub FOR TABLE t WITH (publish = 'insert, update')",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "CREATE TYPE mood AS ENUM ('sad', 'happy')",
        "ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'",
        "CREATE OPERATOR === (leftarg = int4, rightarg = int4, function = int4eq)",
        "CREATE OPERATOR === (leftarg = int8, rightarg = int8, function = int8eq)",
    ),
}

SINCE_15: dict[str, tuple[str, ...]] = {
    "publications of some rows and columns": (
        "CREATE TABLE t (id int, b int, UNIQUE NULLS NOT DISTINCT (b))",
        "CREATE PUBLICATION part FOR TABLE t (id) WHERE (id IN (1, 2))",
        "CREATE VIEW mine WITH (security_invoker = true) AS SELECT id FROM t",
    ),
}

SINCE_18: dict[str, tuple[str, ...]] = {
    "not-null constraints by name, and not valid": (
        "CREATE TABLE t (a int CONSTRAINT there NOT NULL, b int)",
        "ALTER TABLE t ADD CONSTRAINT later NOT NULL b NOT VALID",
        "CREATE TABLE heir () INHERITS (t)",
    ),
    "constraints that are not enforced, and virtual columns": (
        "CREATE TABLE t (id int PRIMARY KEY, CONSTRAINT c CHECK (id > 0) NOT ENFORCED)",
        "CREATE TABLE u (id int REFERENCES t NOT ENFORCED, g int GENERATED ALWAYS AS (id * 2))",
    ),
    "foreign keys of partitioned tables that are not valid": (
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE p (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
        "ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES t NOT VALID",
    ),
}


def make_odd(database: Database) -> None:
    """Make all of them that the database's server knows, each in a schema of its own."""
    major = database.server.major
    kinds = ODD | (SINCE_15 if major >= 15 else {}) | (SINCE_18 if major >= 18 else {})
    with database.connect() as session:
        session.execute("SET allow_system_table_mods = on")
        for number, statements in enumerate(kinds.values()):
            session.execute(f"CREATE SCHEMA odd_{number}")
            session.execute(f"SET search_path = odd_{number}")
            for each in statements:
                session.execute(each)
