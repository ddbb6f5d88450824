"""A database in which a role with one schema and no other right has its own code run by a drill.

Each function does something in a drill's copy only, so that the source takes it. It tells with
whose rights it runs, as an error: where it ran can be read in the drill's report.
"""

from collections.abc import Iterator

from tests.support.backup_harness import Database

TENANT = "tenant"

_IN_A_DRILL = "current_database() LIKE 'lifeboat\\_drill\\_%'"

_SUPERUSER = """(current_setting('is_superuser') = 'on' OR (SELECT bool_or(rolsuper)
    FROM pg_catalog.pg_roles WHERE rolname IN (current_user, session_user)))"""


def telling(name: str, arguments: str = "int", gives: str = "boolean", value: str = "true") -> str:
    """A function that says whether it runs as a superuser."""
    return (
        f"CREATE FUNCTION pub.{name}({arguments}) RETURNS {gives} LANGUAGE plpgsql IMMUTABLE AS $$"
        f" BEGIN IF {_IN_A_DRILL} THEN RAISE EXCEPTION 'in {name}: superuser is %', {_SUPERUSER};"
        f" END IF; RETURN {value}; END $$"
    )


def literal(name: str) -> Iterator[str]:
    """A composite type of which each literal runs a function where it is parsed."""
    yield telling(name)
    yield f"CREATE DOMAIN pub.{name}_domain AS int CHECK (pub.{name}(VALUE))"
    yield f"CREATE TYPE pub.{name}_type AS (a pub.{name}_domain)"


#: What runs, by the function's name, and what makes it run. Rows bring it to life, definitions do,
#: and so does the mere parsing of a definition.
CASES: dict[str, tuple[str, ...]] = {
    "a_check": (
        telling("a_check"),
        "CREATE TABLE pub.checked (x int CHECK (pub.a_check(x)))",
        "INSERT INTO pub.checked VALUES (1)",
    ),
    "a_generated_column": (
        telling("a_generated_column"),
        "CREATE TABLE pub.generated (x int, y boolean GENERATED ALWAYS AS"
        " (pub.a_generated_column(x)) STORED)",
        "INSERT INTO pub.generated VALUES (1)",
    ),
    "a_domain": (
        *literal("a_domain"),
        "CREATE TABLE pub.domains (x pub.a_domain_domain)",
        "INSERT INTO pub.domains VALUES (1)",
    ),
    "an_index": (
        telling("an_index"),
        "CREATE TABLE pub.indexed (x int)",
        "INSERT INTO pub.indexed VALUES (1)",
        "CREATE INDEX ON pub.indexed (pub.an_index(x))",
    ),
    "a_predicate": (
        telling("a_predicate"),
        "CREATE TABLE pub.partly (x int)",
        "INSERT INTO pub.partly VALUES (1)",
        "CREATE INDEX ON pub.partly (x) WHERE pub.a_predicate(x)",
    ),
    "a_view": (
        telling("a_view"),
        "CREATE MATERIALIZED VIEW pub.viewed AS SELECT pub.a_view(1)",
    ),
    "a_bound": (
        telling("a_bound"),
        "CREATE DOMAIN pub.a_bound_domain AS int CHECK (pub.a_bound(VALUE))",
        "CREATE TABLE pub.bounded (x pub.a_bound_domain) PARTITION BY RANGE (x)",
        "CREATE TABLE pub.bounded_1 PARTITION OF pub.bounded FOR VALUES FROM (1) TO (2)",
    ),
    "an_aggregate": (
        telling("an_aggregate"),
        "CREATE DOMAIN pub.an_aggregate_domain AS int CHECK (pub.an_aggregate(VALUE))",
        "CREATE FUNCTION pub.step(pub.an_aggregate_domain, int) RETURNS pub.an_aggregate_domain"
        " LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
        "CREATE AGGREGATE pub.agg (int) (sfunc = pub.step, stype = pub.an_aggregate_domain,"
        " initcond = '0')",
    ),
    "a_constant": (
        *literal("a_constant"),
        "CREATE VIEW pub.constant AS SELECT '(1)'::pub.a_constant_type AS x",
    ),
    "an_argument": (
        *literal("an_argument"),
        "CREATE FUNCTION pub.defaulting(x pub.an_argument_type DEFAULT '(1)') RETURNS int"
        " LANGUAGE sql AS 'SELECT 1'",
    ),
    "a_disguise": (  # as a function that only a superuser can have made
        *literal("a_disguise"),
        'CREATE FUNCTION pub."LANGUAGE c LEAKPROOF AS"("LANGUAGE" text DEFAULT E\'\\n    LANGUAGE c'
        " \\\\'' LEAKPROOF', support pub.a_disguise_type DEFAULT '(1)') RETURNS int LANGUAGE sql AS"
        " 'SELECT 1 -- LANGUAGE c LEAKPROOF'",
    ),
    "a_disguised_state": (
        telling("a_disguised_state", "text"),
        "CREATE DOMAIN pub.a_disguised_state_domain AS text CHECK (pub.a_disguised_state(VALUE))",
        'CREATE FUNCTION pub."STYPE = internal"(pub.a_disguised_state_domain, int) RETURNS'
        " pub.a_disguised_state_domain LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
        'CREATE AGGREGATE pub."agg STYPE = internal" (int) (sfunc = pub."STYPE = internal",'
        " stype = pub.a_disguised_state_domain, initcond = ' STYPE = internal,')",
    ),
    "a_default": (
        *literal("a_default"),
        "CREATE TABLE pub.defaulted (x pub.a_default_type DEFAULT '(1)')",
    ),
    "a_policy": (
        *literal("a_policy"),
        "CREATE TABLE pub.policed (x int)",
        "CREATE POLICY mine ON pub.policed USING (('(1)'::pub.a_policy_type) IS NOT NULL)",
    ),
    "a_trigger": (
        *literal("a_trigger"),
        "CREATE TABLE pub.triggered (x int)",
        "CREATE FUNCTION pub.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE UPDATE ON pub.triggered FOR EACH ROW"
        " WHEN (('(1)'::pub.a_trigger_type) IS NOT NULL) EXECUTE FUNCTION pub.nothing()",
    ),
}

#: A superuser of the source made this one and lets everybody call it with its rights.
DEFINER = (
    telling("a_definer").replace("IMMUTABLE", "IMMUTABLE SECURITY DEFINER"),
    "CREATE TABLE pub.defined (x int CHECK (pub.a_definer(x)))",
    "INSERT INTO pub.defined VALUES (1)",
    f"ALTER TABLE pub.defined OWNER TO {TENANT}",
)

#: What nobody but a superuser may do, each as a statement of its own.
_FORBIDDEN = (
    "RESET SESSION AUTHORIZATION; RESET ROLE",
    "SELECT pg_catalog.pg_read_file('PG_VERSION')",
    "SELECT pg_catalog.pg_ls_dir('.')",
    "SELECT pg_catalog.lo_import('/etc/hostname')",
    "SELECT pg_catalog.lo_export(oid, '/tmp/lifeboat-x') FROM pg_largeobject_metadata",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/lifeboat-x'",
    "CREATE TABLE pub.files (l text); COPY pub.files FROM PROGRAM 'env'",
    "CREATE ROLE another SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "CREATE FUNCTION pub.c() RETURNS int LANGUAGE c AS 'libc', 'getpid'",
    "UPDATE pg_catalog.pg_proc SET proname = proname WHERE false",
    "CREATE EXTENSION file_fdw SCHEMA pub",
    "LOAD 'auto_explain'",
    "SET session_preload_libraries = 'auto_explain'",
)


def _grasping() -> str:
    quoted = ", ".join("'" + each.replace("'", "''") + "'" for each in _FORBIDDEN)
    return f"""
CREATE FUNCTION pub.grasping(int) RETURNS boolean LANGUAGE plpgsql AS $f$
DECLARE statement text; gained text := '';
BEGIN
    IF NOT ({_IN_A_DRILL}) THEN RETURN true; END IF;
    FOR statement IN
        SELECT unnest(ARRAY[{quoted}])
        UNION ALL SELECT format('SET ROLE %I', rolname) FROM pg_catalog.pg_roles WHERE rolsuper
        UNION ALL SELECT format('SET SESSION AUTHORIZATION %I', rolname)
                  FROM pg_catalog.pg_roles WHERE rolsuper
    LOOP
        BEGIN
            EXECUTE statement;
            IF statement NOT LIKE 'RESET%' OR {_SUPERUSER} THEN
                gained := gained || '; ' || statement;
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN NULL;
            WHEN OTHERS THEN gained := gained || '; ' || statement || ' (' || SQLERRM || ')';
        END;
    END LOOP;
    IF gained <> '' THEN RAISE EXCEPTION 'gained %', gained; END IF;
    RETURN true;
END $f$"""


def _as_tenant(database: Database, *statements: str) -> None:
    database.run(f"SET ROLE {TENANT}; {'; '.join(statements)}")


def be_told(database: Database) -> None:
    """Fill it with all cases, each with code that tells of its rights."""
    database.run(f"CREATE SCHEMA pub AUTHORIZATION {TENANT}")
    for statements in CASES.values():
        _as_tenant(database, *statements)
    database.run(*DEFINER)


def grasp(database: Database) -> None:
    """Fill it with a table whose CHECK tries what only a superuser may."""
    database.run(f"CREATE SCHEMA pub AUTHORIZATION {TENANT}")
    _as_tenant(
        database,
        _grasping(),
        "CREATE TABLE pub.t (x int CHECK (pub.grasping(x)))",
        "INSERT INTO pub.t SELECT generate_series(1, 11)",
    )
