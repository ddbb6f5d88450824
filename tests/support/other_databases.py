"""Databases that hold what a copy can't have everywhere, and what is said of each such thing."""

from pathlib import Path

from tests.support.backup_harness import Database

CRON = """
DO $$ BEGIN IF current_database() <> '{database}' THEN
    RAISE EXCEPTION 'can only create extension in database {database}'
    USING HINT = 'Add cron.database_name to postgresql.conf.';
END IF; END $$;
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigserial PRIMARY KEY, command text UNIQUE);
SELECT pg_catalog.pg_extension_config_dump('cron.job', '');
SELECT pg_catalog.pg_extension_config_dump('cron.job_jobid_seq', '');
"""
"""As pg_cron does it: one database of a server may have it."""

GEO = """
CREATE TYPE geometry AS (x float8, y float8);
CREATE FUNCTION st_x(geometry) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x';
CREATE TABLE spatial_ref_sys (srid int PRIMARY KEY, auth text CHECK (auth <> ''));
SELECT pg_catalog.pg_extension_config_dump('spatial_ref_sys', '');
CREATE ACCESS METHOD geo_heap TYPE TABLE HANDLER heap_tableam_handler;
"""
"""Like PostGIS: a type, what works with it, and a table with a key; and a way to store tables."""


def cannot_be_everywhere(database: Database, tablespace: Path) -> tuple[str, ...]:
    """What some other server, or another database of the same, doesn't take."""
    server, name = database.server, f"{database.name}_fast"
    connection = f"host '127.0.0.1', port '{server.port}', dbname 'postgres'"
    return (
        f"CREATE TABLESPACE {name} LOCATION '{tablespace}'",
        f"CREATE TABLE fast (id int PRIMARY KEY) TABLESPACE {name}",
        "INSERT INTO fast VALUES (1)",
        f"CREATE INDEX fast_too ON fast (id) TABLESPACE {name}",
        "CREATE TABLE labelled (email text)",
        "INSERT INTO pg_seclabel VALUES"
        " ('labelled'::regclass, 'pg_class'::regclass, 1, 'anon', 'MASKED')",
        "CREATE EXTENSION postgres_fdw",
        f"CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({connection})",
        "CREATE USER MAPPING FOR public SERVER far"
        f" OPTIONS (user 'postgres', password '{server.password}')",
        "CREATE FOREIGN TABLE theirs (relname text, relkind text) SERVER far"
        " OPTIONS (schema_name 'pg_catalog', table_name 'pg_class')",
        "CREATE VIEW shows AS SELECT * FROM theirs",
        "CREATE STATISTICS about ON relname, relkind FROM theirs",
        "CREATE MATERIALIZED VIEW near AS SELECT relname FROM shows",
        "CREATE MATERIALIZED VIEW nearer AS SELECT * FROM near",
        "CREATE INDEX nearest ON nearer (relname)",
        "ALTER SERVER far OPTIONS (SET host 'nowhere.invalid')",
        "CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere.invalid dbname=x password=bait'"
        " PUBLICATION p WITH (connect = false)",
        "COMMENT ON SUBSCRIPTION feed IS 'of another server'",
        "CREATE EXTENSION pg_cron",
        "INSERT INTO cron.job (command) VALUES ('VACUUM')",
        "CREATE VIEW jobs AS SELECT command FROM cron.job",
    )


UNSUBSCRIBED = (
    "ALTER SUBSCRIPTION feed DISABLE",
    "ALTER SUBSCRIPTION feed SET (slot_name = NONE)",
    "DROP SUBSCRIPTION feed",
)
"""Before a database with a subscription can be dropped."""
