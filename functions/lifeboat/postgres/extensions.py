"""The installed extensions, and the names of what they consist of."""

from typing import LiteralString, cast

from lifeboat.model.inventory import Extension
from lifeboat.postgres.connect import Connection

_IN_SCHEMAS: tuple[tuple[LiteralString, LiteralString, LiteralString], ...] = (
    ("pg_class", "relname", "relnamespace"),
    ("pg_type", "typname", "typnamespace"),
    ("pg_proc", "proname", "pronamespace"),
    ("pg_operator", "oprname", "oprnamespace"),
    ("pg_opclass", "opcname", "opcnamespace"),
    ("pg_opfamily", "opfname", "opfnamespace"),
    ("pg_collation", "collname", "collnamespace"),
    ("pg_ts_parser", "prsname", "prsnamespace"),
    ("pg_ts_dict", "dictname", "dictnamespace"),
    ("pg_ts_template", "tmplname", "tmplnamespace"),
    ("pg_ts_config", "cfgname", "cfgnamespace"),
)
_WITHOUT_SCHEMA: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("pg_namespace", "nspname"),
    ("pg_language", "lanname"),
    ("pg_am", "amname"),
    ("pg_foreign_data_wrapper", "fdwname"),
    ("pg_foreign_server", "srvname"),
    ("pg_event_trigger", "evtname"),
)

_NAMES: LiteralString = " UNION ALL ".join(
    (
        *(
            f"SELECT '{catalog}'::regclass, o.oid, n.nspname || '.' || o.{name}"  # noqa: S608
            f" FROM pg_catalog.{catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.{schema}"
            for catalog, name, schema in _IN_SCHEMAS
        ),
        *(
            f"SELECT '{catalog}'::regclass, o.oid, o.{name}::text FROM pg_catalog.{catalog} o"  # noqa: S608
            for catalog, name in _WITHOUT_SCHEMA
        ),
    )
)

_EXTENSIONS: LiteralString = f"""
WITH names (catalog, oid, name) AS ({_NAMES}), members AS (
    SELECT d.refobjid AS extension, array_agg(DISTINCT name COLLATE "C") AS names
    FROM pg_catalog.pg_depend d JOIN names ON d.classid = names.catalog AND d.objid = names.oid
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::regclass GROUP BY 1
)
SELECT extname, extversion, coalesce(names, '{{}}')
FROM pg_catalog.pg_extension e LEFT JOIN members ON members.extension = e.oid ORDER BY extname
"""  # noqa: S608  # put together from this file's own constants


def read_extensions(connection: Connection) -> tuple[Extension, ...]:
    """All extensions of the database, by name.

    Raises:
        psycopg.Error: the connection broke.
    """
    rows = cast("list[tuple[str, str, list[str]]]", connection.execute(_EXTENSIONS).fetchall())
    return tuple(
        Extension(name=name, version=version, members=tuple(members))
        for name, version, members in rows
    )
