"""Databases that try a backup hard: odd names, and every kind of object that pg_dump knows."""

ODDITIES = (
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION citext",
    "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy')",
    'CREATE SCHEMA "Odd "" Schema"',
    'CREATE TABLE "Odd "" Schema"."COPY x (a) FROM stdin;" ("id;" int, "a\nb" text)',
    'INSERT INTO "Odd "" Schema"."COPY x (a) FROM stdin;" SELECT i, E\'\\\\.\\n\' || i'
    " FROM generate_series(1, 17) i",
    'CREATE TABLE "two\nlines" (v text)',
    "INSERT INTO \"two\nlines\" VALUES (E'a\\nb'), (NULL), ('')",
    "CREATE TABLE no_columns ()",
    "INSERT INTO no_columns DEFAULT VALUES",
    "INSERT INTO no_columns DEFAULT VALUES",
    "CREATE TABLE empty_one (id int)",
    "CREATE TABLE identities (id int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), v citext,"
    " twice text GENERATED ALWAYS AS (v::text || v::text) STORED, h hstore, m mood)",
    "INSERT INTO identities (v, h, m) SELECT 'Row' || i, hstore('k', i::text), 'it''s ok'"
    " FROM generate_series(1, 50) i",
    'CREATE SEQUENCE "odd "" \'seq\\" START 42',
    "SELECT nextval('\"odd \"\" ''seq\\\"'::regclass)",
    "CREATE SEQUENCE never_used MINVALUE -10 INCREMENT -1 MAXVALUE 7 START 7",
    "CREATE UNLOGGED TABLE not_logged (id int)",
    "INSERT INTO not_logged SELECT generate_series(1, 7)",
    "CREATE TABLE events (at date NOT NULL, v text) PARTITION BY RANGE (at)",
    "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')"
    " PARTITION BY LIST (v)",
    "CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES IN ('a')",
    "CREATE TABLE events_rest PARTITION OF events DEFAULT",
    "INSERT INTO events SELECT '2026-01-05'::date + 7 * i, 'a' FROM generate_series(0, 12) i",
    "CREATE TABLE parent (id int)",
    "CREATE TABLE child (more int) INHERITS (parent)",
    "INSERT INTO parent SELECT generate_series(1, 3)",
    "INSERT INTO child SELECT i, i FROM generate_series(1, 4) i",
    "CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM events",
    "CREATE VIEW happy AS SELECT * FROM identities WHERE m = 'happy'",
    "CREATE TABLE guarded (id int PRIMARY KEY, owner text)",
    "INSERT INTO guarded SELECT i, 'me' FROM generate_series(1, 9) i",
    "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY own ON guarded USING (owner = current_user)",
    "CREATE FUNCTION fooling() RETURNS text LANGUAGE sql AS $$\n"
    "SELECT '\nCOPY public.guarded (id) FROM stdin;\n1\n\\.\n' $$",
    "SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex')) FROM generate_series(1, 3)",
)

#: Roles are the server's, so they carry a prefix of their own; made and dropped by `with_roles`.
ROLES = ("torture_owner", 'torture "odd"', "torture_reader", "torture_boss")

KINDS = (
    "CREATE EXTENSION btree_gist",
    "CREATE EXTENSION pg_trgm SCHEMA public",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SCHEMA private AUTHORIZATION torture_owner",
    "COMMENT ON SCHEMA private IS 'for ''few'' only'",
    "CREATE DOMAIN private.percent AS int CONSTRAINT sane CHECK (VALUE BETWEEN 0 AND 100)",
    "CREATE TYPE private.pair AS (a int, b text)",
    "CREATE TYPE private.floats AS RANGE (subtype = float8)",
    "CREATE COLLATION private.plain (provider = libc, locale = 'C')",
    "CREATE FUNCTION private.add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'",
    'ALTER FUNCTION private.add(int, int) OWNER TO "torture ""odd"""',
    "CREATE PROCEDURE private.nothing() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$",
    "CREATE AGGREGATE private.total (int) (sfunc = int4pl, stype = int, initcond = '0')",
    "CREATE OPERATOR private.<+> (leftarg = int, rightarg = int, function = private.add)",
    "CREATE OPERATOR FAMILY private.family USING btree",
    "CREATE OPERATOR CLASS private.backwards FOR TYPE int USING btree FAMILY private.family AS"
    " OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,"
    " FUNCTION 1 btint4cmp(int, int)",
    "CREATE CAST (private.pair AS text) WITH INOUT AS ASSIGNMENT",
    "CREATE CONVERSION private.mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "CREATE TEXT SEARCH DICTIONARY private.words (template = simple, stopwords = english)",
    "CREATE TEXT SEARCH CONFIGURATION private.search (COPY = simple)",
    "CREATE ACCESS METHOD torture_heap TYPE TABLE HANDLER heap_tableam_handler",
    "CREATE TABLE private.orders (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),"
    " share private.percent, what private.pair, span private.floats, name text COLLATE"
    " private.plain, n int, during tsrange, EXCLUDE USING gist (n WITH =, during WITH &&))"
    " WITH (fillfactor = 70)",
    "INSERT INTO private.orders (share, what, span, name, n, during) SELECT i, (i, 'x')::"
    " private.pair, '[1,2)', 'name ' || i, i, '[2026-01-01,2026-01-02)'"
    " FROM generate_series(1, 40) i",
    "ALTER TABLE private.orders OWNER TO torture_owner",
    "CREATE TABLE private.heaped (id int) USING torture_heap",
    "INSERT INTO private.heaped SELECT generate_series(1, 5)",
    "CREATE TABLE private.parts (id int, region text, PRIMARY KEY (id, region))"
    " PARTITION BY HASH (id)",
    "CREATE TABLE private.parts_0 PARTITION OF private.parts FOR VALUES WITH"
    " (modulus 2, remainder 0)",
    "CREATE TABLE private.parts_1 PARTITION OF private.parts FOR VALUES WITH"
    " (modulus 2, remainder 1)",
    "INSERT INTO private.parts SELECT i, 'r' FROM generate_series(1, 20) i",
    "CREATE TABLE private.lines (id int, region text DEFAULT 'r', order_id bigint REFERENCES"
    " private.orders ON DELETE CASCADE, FOREIGN KEY (id, region) REFERENCES private.parts)",
    "INSERT INTO private.lines SELECT i, 'r', i FROM generate_series(1, 20) i",
    "ALTER TABLE private.lines ADD CONSTRAINT later CHECK (id > 5) NOT VALID",
    "CREATE INDEX ON private.orders USING gin (name gin_trgm_ops)",
    "CREATE INDEX partly ON private.orders (lower(name)) INCLUDE (n) WHERE n > 3",
    "CREATE UNIQUE INDEX backwards ON private.orders (n private.backwards DESC NULLS LAST)",
    "ALTER TABLE private.orders REPLICA IDENTITY FULL",
    "ALTER TABLE private.orders ALTER name SET STATISTICS 500, ALTER name SET STORAGE EXTERNAL",
    "CREATE STATISTICS private.related (dependencies) ON n, share FROM private.orders",
    "CREATE VIEW private.safe WITH (security_barrier) AS SELECT id, n FROM private.orders"
    " WHERE n > 1 WITH LOCAL CHECK OPTION",
    "CREATE RECURSIVE VIEW counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting"
    " WHERE n < 5",
    "CREATE MATERIALIZED VIEW private.later AS SELECT n FROM private.orders WITH NO DATA",
    "CREATE MATERIALIZED VIEW private.ready AS SELECT count(*) AS n FROM private.lines",
    "CREATE UNIQUE INDEX ON private.ready (n)",
    "CREATE RULE quiet AS ON DELETE TO private.heaped DO INSTEAD NOTHING",
    "CREATE FUNCTION private.stamp() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN NEW.at := now(); RETURN NEW; END $$",
    "CREATE TRIGGER stamp BEFORE UPDATE OF n ON private.orders FOR EACH ROW WHEN (OLD.n > 3)"
    " EXECUTE FUNCTION private.stamp()",
    "CREATE TRIGGER asleep BEFORE INSERT ON private.orders FOR EACH ROW"
    " EXECUTE FUNCTION private.stamp()",
    "ALTER TABLE private.orders DISABLE TRIGGER asleep",
    "CREATE FUNCTION private.watch_ddl() RETURNS event_trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'no definitions here'; END $$",
    "ALTER TABLE private.lines ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE private.lines FORCE ROW LEVEL SECURITY",
    "CREATE POLICY readers ON private.lines AS RESTRICTIVE FOR SELECT TO torture_reader"
    " USING (id > 2)",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid')",
    "CREATE USER MAPPING FOR torture_reader SERVER elsewhere OPTIONS (user 'x')",
    "CREATE FOREIGN TABLE private.far (id int) SERVER elsewhere OPTIONS (table_name 'far')",
    "GRANT USAGE ON SCHEMA private TO torture_reader",
    "GRANT SELECT (id, n) ON private.orders TO torture_reader WITH GRANT OPTION",
    'GRANT INSERT ON private.lines TO "torture ""odd"""',
    "REVOKE EXECUTE ON FUNCTION private.add(int, int) FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE torture_owner IN SCHEMA private GRANT SELECT ON TABLES"
    " TO torture_reader",
    "COMMENT ON COLUMN private.orders.n IS E'line one\\nline two'",
    "COMMENT ON CONSTRAINT later ON private.lines IS 'not yet'",
    "CREATE EVENT TRIGGER torture_ddl ON ddl_command_start EXECUTE FUNCTION private.watch_ddl()",
    "ALTER EVENT TRIGGER torture_ddl OWNER TO torture_boss",
)
"""What pg_dump knows of, as far as `ODDITIES` hasn't got it. No more definitions can be made after
it: its last trigger refuses them."""

NO_MORE_WATCHING = "DROP EVENT TRIGGER torture_ddl"
