"""A database of a superuser: what nobody else can make, and things that lean on its rights."""

#: Roles are the server's; made and dropped by `with_roles`. The first two are superusers.
ROLES = ("great_one", "greater_one", "small_one")

MADE = (
    "ALTER ROLE small_one NOSUPERUSER",
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SCHEMA theirs AUTHORIZATION small_one",
    "CREATE TYPE theirs.odd",
    "CREATE FUNCTION theirs.odd_in(cstring) RETURNS theirs.odd LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int4in'",
    "CREATE FUNCTION theirs.odd_out(theirs.odd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int4out'",
    "CREATE TYPE theirs.odd (input = theirs.odd_in, output = theirs.odd_out, like = int4,"
    " default = '7')",
    "CREATE CAST (theirs.odd AS int) WITHOUT FUNCTION AS IMPLICIT",
    "COMMENT ON CAST (theirs.odd AS int) IS 'the same bits'",
    "CREATE FUNCTION theirs.quiet(int) RETURNS int LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT $1'",
    "CREATE FUNCTION theirs.helped(int) RETURNS SETOF int LANGUAGE sql"
    " SUPPORT pg_catalog.generate_series_int4_support AS 'SELECT $1'",
    "CREATE FUNCTION theirs.unseen(int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER"
    " SET search_path = public, theirs SET session_replication_role = replica"
    " AS 'BEGIN RETURN $1; END'",
    "CREATE AGGREGATE theirs.collected (anynonarray) (sfunc = array_agg_transfn, stype = internal,"
    " finalfunc = array_agg_finalfn, finalfunc_extra)",
    "CREATE OPERATOR FAMILY theirs.family USING btree",
    "CREATE OPERATOR CLASS theirs.class FOR TYPE int USING btree FAMILY theirs.family AS"
    " OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,"
    " FUNCTION 1 btint4cmp(int, int)",
    "COMMENT ON OPERATOR CLASS theirs.class USING btree IS 'as usual'",
    "CREATE FOREIGN DATA WRAPPER nothing",
    "ALTER FOREIGN DATA WRAPPER nothing OWNER TO great_one",
    "CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing",
    "ALTER SERVER nowhere OWNER TO great_one",
    "CREATE FOREIGN TABLE theirs.far (id int) SERVER nowhere",
    "COMMENT ON FOREIGN DATA WRAPPER nothing IS 'leads nowhere'",
    "CREATE TABLE theirs.odds (id int PRIMARY KEY, o theirs.odd DEFAULT '9', c int)",
    "INSERT INTO theirs.odds SELECT i, i::text::theirs.odd, i FROM generate_series(1, 30) i",
    "CREATE UNIQUE INDEX ON theirs.odds (c theirs.class)",
    "ALTER TABLE theirs.odds OWNER TO small_one",
    "ALTER TABLE theirs.odds ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE theirs.odds FORCE ROW LEVEL SECURITY",
    "CREATE POLICY nobody ON theirs.odds USING (false)",
    "REVOKE ALL ON theirs.odds FROM PUBLIC, small_one",
    # One who may do everything reads what others own, and what only a superuser sees.
    "CREATE MATERIALIZED VIEW public.sees_rows AS SELECT count(*) FROM theirs.odds",
    "CREATE MATERIALIZED VIEW public.sees_roles AS SELECT count(rolpassword) FROM pg_authid",
    "ALTER MATERIALIZED VIEW public.sees_rows OWNER TO great_one",
    "ALTER MATERIALIZED VIEW public.sees_roles OWNER TO greater_one",
    "CREATE TABLE public.greater (id int PRIMARY KEY)",
    "INSERT INTO public.greater VALUES (1)",
    "ALTER TABLE public.greater OWNER TO greater_one",
    "CREATE TABLE public.great (id int REFERENCES public.greater)",
    "INSERT INTO public.great VALUES (1)",
    "ALTER TABLE public.great OWNER TO great_one",
    "REVOKE ALL ON public.great FROM great_one",
    "CREATE SEQUENCE theirs.numbers",
    "SELECT setval('theirs.numbers', 99)",
    "ALTER SEQUENCE theirs.numbers OWNER TO great_one",
    "SELECT lo_from_bytea(424242, 'mine')",
    "ALTER LARGE OBJECT 424242 OWNER TO small_one",
    "GRANT SELECT ON LARGE OBJECT 424242 TO great_one",
    "SELECT lo_from_bytea(424243, 'ours')",
    "CREATE PUBLICATION for_all FOR ALL TABLES",
    "ALTER PUBLICATION for_all OWNER TO great_one",
    "COMMENT ON PUBLICATION for_all IS 'all'",
    "CREATE SUBSCRIPTION from_all CONNECTION 'dbname=nowhere' PUBLICATION for_all"
    " WITH (connect = false, slot_name = NONE)",
    "ALTER SUBSCRIPTION from_all OWNER TO greater_one",
    "CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watch()",
    "ALTER EVENT TRIGGER watching OWNER TO greater_one",
    "COMMENT ON EVENT TRIGGER watching IS 'everything'",
    "GRANT USAGE ON SCHEMA theirs TO great_one WITH GRANT OPTION",
    "ALTER DEFAULT PRIVILEGES FOR ROLE great_one IN SCHEMA theirs GRANT SELECT ON TABLES"
    " TO small_one",
)

UNDONE = "DROP SUBSCRIPTION from_all"
"""A database with a subscription can't be dropped."""

OWNERS_AND_GRANTS = """WITH things (kind, name, owner, acl) AS (
    SELECT 'relation', c.oid::regclass::text, c.relowner,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                         c.relowner))
    FROM pg_class c WHERE c.relkind <> 'i' AND c.relnamespace::regnamespace::text !~ '^pg_'
    UNION ALL SELECT 'schema', n.nspname, n.nspowner,
           coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n WHERE n.nspname !~ '^pg_'
    UNION ALL SELECT 'function', p.oid::regprocedure::text, p.proowner,
           coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p WHERE p.pronamespace::regnamespace::text !~ '^pg_'
    UNION ALL SELECT 'type', t.oid::regtype::text, t.typowner,
           coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t WHERE t.typnamespace::regnamespace::text !~ '^pg_'
    UNION ALL SELECT 'object', l.oid::text, l.lomowner,
           coalesce(l.lomacl, acldefault('L', l.lomowner))
    FROM pg_largeobject_metadata l
    UNION ALL SELECT 'event trigger', evtname, evtowner, NULL FROM pg_event_trigger
    UNION ALL SELECT 'publication', pubname, pubowner, NULL FROM pg_publication
    UNION ALL SELECT 'wrapper', fdwname, fdwowner, fdwacl FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'server', srvname, srvowner, srvacl FROM pg_foreign_server
    UNION ALL SELECT 'defaults', defaclobjtype::text, defaclrole, defaclacl FROM pg_default_acl
), lines (line) AS (
    SELECT format('%s %s of %s', kind, name, owner::regrole) FROM things
    UNION ALL SELECT format('%s %s: %s by %s to %s %s', kind, name, a.privilege_type,
                            a.grantor::regrole, a.grantee::regrole, a.is_grantable)
    FROM things, aclexplode(acl) a
)
SELECT md5(string_agg(l, chr(10) ORDER BY l COLLATE "C")) FROM (
    SELECT regexp_replace(line, 'lifeboat_[0-9a-f]{12}_admin', 'postgres', 'g') AS l FROM lines
) x
"""
"""Of everything in a database, as one value that can be compared."""
