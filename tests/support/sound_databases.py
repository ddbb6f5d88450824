"""Small databases that others run, each in a schema of its own: a copy of any is proven.

What each is about is in its name. Roles are the server's; `ROLES` has to be there.
"""

from collections.abc import Mapping
from typing import Any

from tests.support.backup_harness import Database

ROLES = ("sound_owner", "sound_reader", "sound_grantor", "sound_boss")

EVERYWHERE: Mapping[str, str] = {
    "partitions_with_keys": """
        CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
        CREATE TABLE r (id int, p_id int REFERENCES p) PARTITION BY HASH (id);
        CREATE TABLE r0 PARTITION OF r FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE r1 PARTITION OF r FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO p VALUES (1, 'a'), (150, 'b'); INSERT INTO r VALUES (1, 1), (2, 150);""",
    "row_triggers_of_partitioned_tables": """
        CREATE TABLE p (id int, v text) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200);
        INSERT INTO p VALUES (1, 'a'), (150, 'b');
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := 'x'; RETURN NEW;
        END $$; CREATE TRIGGER stamp BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();""",
    "hash_partitions_by_enum_and_text": """
        CREATE TYPE e AS ENUM ('a', 'b', 'c');
        CREATE TABLE p (k e, n int) PARTITION BY HASH (k);
        CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO p SELECT (enum_range(NULL::e))[1 + i % 3], i FROM generate_series(1, 30) i;
        CREATE TABLE t (k text, n int) PARTITION BY HASH (k);
        CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 30) i;""",
    "columns_in_another_order": """
        CREATE TABLE parent (a int); CREATE TABLE child (c int) INHERITS (parent);
        ALTER TABLE parent ADD b int; INSERT INTO child VALUES (1, 3, 2);""",
    "rows_that_their_constraint_does_not_fit": """
        CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        INSERT INTO p VALUES (1, -1); ALTER TABLE p ADD CHECK (b > 0) NOT VALID;""",
    "policies_and_forced_row_security": """
        CREATE TABLE t (id int PRIMARY KEY, o text); INSERT INTO t VALUES (1, 'x');
        ALTER TABLE t OWNER TO sound_owner; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        ALTER TABLE t FORCE ROW LEVEL SECURITY;
        CREATE POLICY p ON t TO sound_reader USING (false);""",
    "grants_by_other_grantors": """
        CREATE TABLE t (id int); ALTER TABLE t OWNER TO sound_owner;
        GRANT USAGE ON SCHEMA grants_by_other_grantors TO sound_grantor WITH GRANT OPTION;
        GRANT SELECT ON t TO sound_grantor WITH GRANT OPTION;
        SET SESSION AUTHORIZATION sound_grantor;
        GRANT USAGE ON SCHEMA grants_by_other_grantors TO sound_reader;
        GRANT SELECT ON grants_by_other_grantors.t TO sound_reader;
        RESET SESSION AUTHORIZATION;
        ALTER DEFAULT PRIVILEGES FOR ROLE sound_owner GRANT SELECT ON TABLES TO sound_reader;""",
    "large_objects": """
        SELECT lo_from_bytea(4711, 'hello'), lo_from_bytea(4712, '');
        ALTER LARGE OBJECT 4711 OWNER TO sound_owner;
        GRANT SELECT ON LARGE OBJECT 4712 TO sound_reader; COMMENT ON LARGE OBJECT 4711 IS 'x';""",
    "extensions_of_another_owner": """
        SET ROLE sound_boss; CREATE EXTENSION hstore SCHEMA extensions_of_another_owner;
        CREATE EXTENSION citext SCHEMA extensions_of_another_owner; RESET ROLE;
        CREATE TABLE t (h hstore, c citext UNIQUE); INSERT INTO t VALUES ('a=>1', 'A');
        CREATE TABLE member (id int PRIMARY KEY); ALTER EXTENSION hstore ADD TABLE member;""",
    "rights_on_extensions_and_the_catalog": """
        CREATE EXTENSION pg_stat_statements; CREATE EXTENSION amcheck; CREATE EXTENSION tablefunc;
        REVOKE ALL ON pg_stat_statements FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO sound_reader;
        REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
        COMMENT ON EXTENSION plpgsql IS 'ours';""",
    "properties_of_columns_and_indexes": """
        CREATE TABLE t (id int PRIMARY KEY, a text, b text, c int);
        ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET COMPRESSION pglz,
            ALTER c SET STATISTICS 77, ALTER c SET (n_distinct = -0.5);
        CREATE UNIQUE INDEX t_c ON t (c); ALTER TABLE t ALTER c SET NOT NULL;
        ALTER TABLE t REPLICA IDENTITY USING INDEX t_c; CLUSTER t USING t_pkey;
        ALTER INDEX t_c SET (fillfactor = 70); CREATE INDEX t_x ON t ((a || b), c);
        ALTER INDEX t_x ALTER COLUMN 1 SET STATISTICS 500;
        ALTER TABLE t SET (autovacuum_enabled = off, toast.autovacuum_enabled = off);
        CREATE STATISTICS st (ndistinct, mcv) ON a, b FROM t; ALTER STATISTICS st SET STATISTICS 55;
        CREATE TABLE ch (d int) INHERITS (t); ALTER TABLE ch ADD e int;
        CREATE TABLE q1 (x int); CREATE TABLE q2 (y int); CREATE TABLE q3 () INHERITS (q2, q1);
        CREATE SEQUENCE s AS smallint INCREMENT 3 MINVALUE -5 MAXVALUE 500 START 7 CACHE 9 CYCLE;
        CREATE TYPE e AS ENUM ('b', 'a'); ALTER TYPE e ADD VALUE 'c' BEFORE 'a';
        CREATE VIEW v AS SELECT * FROM t; ALTER VIEW v ALTER a SET DEFAULT 'q';
        COMMENT ON COLUMN v.a IS 'd';""",
    "triggers_and_rules_in_every_state": """
        CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED, gone int);
        ALTER TABLE g DROP gone; ALTER TABLE g ADD z int DEFAULT 5; INSERT INTO g (a) VALUES (1);
        CREATE RULE r AS ON UPDATE TO g DO INSTEAD NOTHING; ALTER TABLE g DISABLE RULE r;
        CREATE RULE i AS ON INSERT TO g DO INSTEAD NOTHING;
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
        CREATE TRIGGER a1 BEFORE INSERT ON g FOR EACH ROW EXECUTE FUNCTION f();
        CREATE TRIGGER a2 BEFORE INSERT ON g FOR EACH ROW EXECUTE FUNCTION f();
        CREATE TRIGGER a3 BEFORE INSERT ON g FOR EACH ROW EXECUTE FUNCTION f();
        ALTER TABLE g DISABLE TRIGGER a1; ALTER TABLE g ENABLE ALWAYS TRIGGER a2;
        ALTER TABLE g ENABLE REPLICA TRIGGER a3; ALTER TABLE g ADD CHECK (a > 5) NOT VALID;""",
    "functions_that_call_by_bare_names": """
        CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE
            SET search_path = functions_that_call_by_bare_names AS 'SELECT $1 / 2';
        CREATE FUNCTION quarter(int) RETURNS int LANGUAGE sql IMMUTABLE
            SET search_path = functions_that_call_by_bare_names AS 'SELECT half(half($1))';
        CREATE TABLE n (i int); INSERT INTO n VALUES (8); CREATE INDEX ON n (quarter(i));
        CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '8MB' SET app.tenant = '1'
            SET log_statement = 'all' SET session_replication_role = 'replica' AS 'SELECT 1';
        CREATE TABLE t (id int DEFAULT f());""",
    "keys_in_a_circle": """
        CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int);
        INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1);
        ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
        ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a;
        ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES a;""",
    "values_at_their_edges": """
        CREATE TABLE u (at timestamptz, b bit varying, j jsonb, m money, ip inet, mac macaddr8,
            ts tsvector, p point, r int4multirange, l pg_lsn, x xid8, iv interval, e "char",
            na name, f float4, d numeric, fs float8[]);
        INSERT INTO u VALUES ('infinity', B'101', '{"a": 1}', 12.34, '::1',
            '08:00:2b:01:02:03:04:05', 'a:1', '(1, 2)', '{[1,2),[5,6)}', '0/1', '5',
            '1 mon -2 days 3:00', 'x', 'n', 'NaN', 'Infinity', '{NaN,0.1,1e300,-0}'),
            ('-infinity', B'', 'null', -1, '10.0.0.0/8', '08:00:2b:01:02:03:04:05', '',
            '(1e-300,-0)', '{}', 'FFFFFFFF/FFFFFFFF', '18446744073709551615', '-1 year', '', '',
            '-0', 'NaN', NULL);
        CREATE DOMAIN pos AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a pos, b pos[]);
        CREATE TABLE t (p pair, ps pair[], r numrange, x pos[] DEFAULT '{1}');
        INSERT INTO t VALUES ((1, '{2,3}'), ARRAY[(1, '{2}')::pair], '[1.5,2)', '{4}'),
            (NULL, NULL, 'empty', NULL);""",
    "names_of_every_kind": r"""
        CREATE TABLE "Ünï Cödé ""q"" 表" ("sel ect" int, "é" text, "a\b" text);
        INSERT INTO "Ünï Cödé ""q"" 表" VALUES (1, 'x', '\.'); CREATE TABLE "a.b" ("c.d" int);
        CREATE INDEX "ix.y" ON "a.b" ("c.d"); CREATE TABLE "T;DROP" (id serial);
        CREATE TABLE " lead" (x int);""",
    "views_that_call_functions": """
        CREATE TABLE t (id int); INSERT INTO t VALUES (1);
        CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS
            'SELECT count(*) FROM views_that_call_functions.t';
        CREATE MATERIALIZED VIEW m AS SELECT n() AS n;""",
    "an_access_method_of_its_own": """
        CREATE ACCESS METHOD sound_heap TYPE TABLE HANDLER heap_tableam_handler;
        CREATE TABLE t (id int) USING sound_heap; INSERT INTO t VALUES (1);""",
    "what_acts_while_rows_are_loaded": """
        CREATE TABLE ddl (n int); CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO what_acts_while_rows_are_loaded.ddl VALUES (1); END';
        CREATE TABLE ids (id int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), v int);
        INSERT INTO ids (v) SELECT generate_series(1, 5);
        CREATE DOMAIN even AS int DEFAULT 2 CHECK (VALUE % 2 = 0);
        CREATE TABLE of_domains (e even, n int DEFAULT 7); INSERT INTO of_domains VALUES (4, NULL);
        CREATE TABLE copied (v int); CREATE RULE also AS ON INSERT TO ids
            DO ALSO INSERT INTO what_acts_while_rows_are_loaded.copied VALUES (NEW.v);
        CREATE EVENT TRIGGER sound_ddl ON ddl_command_end EXECUTE FUNCTION f();""",
    "publications": """
        CREATE TABLE t (id int PRIMARY KEY, a int); CREATE PUBLICATION one FOR TABLE t;
        CREATE PUBLICATION every FOR ALL TABLES WITH (publish = 'insert');""",
}

SINCE_17: Mapping[str, str] = {
    "compressed_by_lz4": """
        CREATE TABLE t (a text COMPRESSION lz4); INSERT INTO t SELECT repeat('abc', 5000);""",
    "publications_of_schemas_and_rows": """
        CREATE TABLE t (id int PRIMARY KEY, a int, b text);
        CREATE PUBLICATION a_few FOR TABLES IN SCHEMA publications_of_schemas_and_rows;
        CREATE PUBLICATION a_part FOR TABLE t (id, a) WHERE (a > 5);""",
    "places_on_earth": """
        CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
        CREATE TABLE places (lat float8, lng float8); INSERT INTO places VALUES (1, 2);
        CREATE INDEX ON places USING gist (ll_to_earth(lat, lng));""",
}

SINCE_18: Mapping[str, str] = {
    "what_is_new_in_18": """
        CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1);
        CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL,
            q int GENERATED ALWAYS AS (1 / a) VIRTUAL,
            c int REFERENCES p NOT ENFORCED, d int CHECK (d > 0) NOT ENFORCED);
        INSERT INTO t (a, c, d) VALUES (0, 99, -1), (NULL, NULL, NULL);
        ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID; COMMENT ON CONSTRAINT nn ON t IS 'nn';
        CREATE TABLE ch (x int) INHERITS (t); CREATE EXTENSION btree_gist;
        CREATE TABLE during (id int, at tsrange, PRIMARY KEY (id, at WITHOUT OVERLAPS));
        INSERT INTO during VALUES (1, '[2020-01-01,2021-01-01)');
        CREATE TABLE within (id int, at tsrange,
            FOREIGN KEY (id, PERIOD at) REFERENCES during (id, PERIOD at));
        INSERT INTO within VALUES (1, '[2020-02-01,2020-03-01)');""",
}

_ROWS = """
SELECT n.nspname || '.' || c.relname,
       coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attname)
                FILTER (WHERE attgenerated <> 'v'), '1'),
       quote_ident(nspname) || '.' || quote_ident(relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
WHERE relkind IN ('r', 'm') AND nspname = ANY (%s) AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  AND nspname || '.' || c.relname !~ 'hash_partitions_by_enum_and_text.p'
GROUP BY nspname, relname
"""


def make(database: Database) -> None:
    """Fill the database with all that its major knows."""
    for name, script in of_major(database.server.major).items():
        with database.connect() as session:
            session.execute(f"CREATE SCHEMA {name}")
            session.execute(f"SET search_path = {name}")
            session.execute(script)


def of_major(major: int) -> dict[str, str]:
    """The scripts that a major takes."""
    since = [some for first, some in ((17, SINCE_17), (18, SINCE_18)) if major >= first]
    return {name: text for some in (EVERYWHERE, *since) for name, text in some.items()}


def rows(database: Database) -> dict[str, Any]:
    """A checksum of each table's rows by a query of the tests' own, columns by their names."""
    with database.connect() as session:
        found = session.execute(_ROWS, [list(of_major(database.server.major))]).fetchall()
    return {
        table: database.value(
            f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            f" FROM (SELECT {columns} FROM ONLY {name}) t"
        )
        for table, columns, name in found
    }
