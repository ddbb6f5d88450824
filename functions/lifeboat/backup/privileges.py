"""Finds what the backup role can't read before dumping, and the statements that grant it.

It runs as the backup role itself: a check by a superuser proves nothing. pg_dump would stop at the
first unreadable object; this names all of them, each with its statement.
"""

from collections.abc import Callable

from psycopg import sql

from lifeboat.errors import UnreadableError
from lifeboat.model.identifiers import quoted
from lifeboat.postgres.connect import Connection

_MAX_SHOWN = 20

_UNREADABLE = """
WITH mine AS (
    SELECT c.oid, c.relkind, n.oid AS schema_oid, n.nspname, c.relname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
      AND (c.oid IN (SELECT unnest(extconfig) FROM pg_catalog.pg_extension) OR (
            n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                  AND d.deptype = 'e')))
)
SELECT DISTINCT 'schema', nspname::text, NULL FROM mine
WHERE NOT pg_catalog.has_schema_privilege(schema_oid, 'USAGE')
UNION ALL
SELECT 'table', nspname, relname FROM mine
WHERE relkind <> 'S' AND NOT pg_catalog.has_table_privilege(oid, 'SELECT')
UNION ALL
SELECT 'sequence', nspname, relname FROM mine
WHERE CASE WHEN relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(oid, 'SELECT') END
UNION ALL
SELECT 'row security', nspname, relname FROM mine
WHERE CASE WHEN relkind <> 'S' THEN pg_catalog.row_security_active(oid) END
UNION ALL
SELECT 'large object', m.oid::text, NULL FROM pg_catalog.pg_largeobject_metadata m
WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
  AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
  AND NOT EXISTS (
      SELECT FROM pg_catalog.aclexplode(m.lomacl) a
      WHERE a.privilege_type = 'SELECT'
        AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))
ORDER BY 1, 2, 3
"""
"""What pg_dump reads of each kind (of extensions: their configuration tables, such as pg_cron's
jobs), and the grant that lets it. Each query gives the kind, the parts of the object's name, and
whether the cure is a grant or BYPASSRLS."""

_NAMES = """
SELECT oid::text, 'SCHEMA', 'regnamespace', pg_catalog.convert_to(nspname, 'SQL_ASCII')
FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'
UNION ALL
SELECT c.oid::text, 'TABLE', 'regclass', pg_catalog.convert_to(c.relname, 'SQL_ASCII')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
"""
"""Names that a manifest holds, as bytes, with the number and kind of what they name."""

_GRANTS = {
    "schema": "GRANT USAGE ON SCHEMA {name} TO {role};",
    "table": "GRANT SELECT ON TABLE {name} TO {role};",
    "sequence": "GRANT SELECT ON SEQUENCE {name} TO {role};",
    "large object": "GRANT SELECT ON LARGE OBJECT {name} TO {role};",
    "row security": "ALTER ROLE {role} BYPASSRLS;",
}


def require_names(connection: Connection) -> None:
    """Raise unless the name of every schema, table and sequence is valid UTF-8.

    A database in SQL_ASCII takes any bytes for a name, and a manifest is in UTF-8.

    Raises:
        UnreadableError: lists such names, and the statements that rename them.
    """
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        _require(
            connection,
            _is_utf8,
            "The database is in SQL_ASCII and has {} names that are no UTF-8, which a manifest"
            " can't hold",
        )


def require_ascii_names(connection: Connection) -> None:
    """Raise unless the name of every schema, table and sequence is ASCII.

    Only such names are the same in an archive in the database's own encoding, and in a manifest.

    Raises:
        UnreadableError: lists the other names, and the statements that rename them.
    """
    _require(
        connection,
        bytes.isascii,
        "The database has characters without an equivalent in UTF-8, so it can only be dumped in"
        " its own encoding; in such an archive, Lifeboat can't read {} names that are not ASCII",
    )


def _require(connection: Connection, fits: Callable[[bytes], bool], what: str) -> None:
    found = connection.execute(_NAMES).fetchall()
    odd = [(row, name) for *row, name in found if isinstance(name, bytes) and not fits(name)]
    if not odd:
        return
    shown = ", ".join(name.decode(errors="backslashreplace") for _, name in odd[:_MAX_SHOWN])
    statements = [
        f"DO $$BEGIN EXECUTE 'ALTER {kind} ' || {oid}::{by} || ' RENAME TO new_{oid}'; END$$;"
        for (oid, kind, by), _ in odd[:_MAX_SHOWN]
    ]
    raise UnreadableError(
        f"{what.format(len(odd))}: {shown}",
        todo="Give them other names, then invoke the function again:\n  " + "\n  ".join(statements),
    )


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def require_readable(connection: Connection, role: str) -> None:
    """Raise unless `role`, which is connected, can read everything that pg_dump reads.

    A table with row security counts as unreadable even if a policy shows some rows: a backup of
    some rows is not a backup.

    Raises:
        UnreadableError: names every kind of object, the first objects, and the statements to run.
    """
    found = connection.execute(_UNREADABLE).fetchall()
    if not found:
        return
    names = [
        (str(kind), _quoted(connection, str(kind), first, second)) for kind, first, second in found
    ]
    who = sql.Identifier(role).as_string(connection)
    statements = dict.fromkeys(_GRANTS[kind].format(name=name, role=who) for kind, name in names)
    raise UnreadableError(
        f"The role {who} can't read {_count(names)}: "
        + ", ".join(f"{kind} {name}" for kind, name in names[:_MAX_SHOWN])
        + (f" and {len(names) - _MAX_SHOWN} more" if len(names) > _MAX_SHOWN else ""),
        todo="Run as the objects' owner or an administrator, then invoke the function again:\n  "
        + "\n  ".join(list(statements)[:_MAX_SHOWN])
        + "\nFor all tables and sequences, present and future, one statement does it:\n  "
        + f"GRANT pg_read_all_data TO {who};",
    )


def _quoted(connection: Connection, kind: str, first: object, second: object) -> str:
    if kind == "large object":
        return str(first)
    parts = [str(part) for part in (first, second) if part is not None]
    name = sql.Identifier(*parts).as_string(connection)
    return name if name.isprintable() else ".".join(map(quoted, parts))


def _count(names: list[tuple[str, str]]) -> str:
    kinds = [kind for kind, _ in names]
    return (
        f"{len(names)} objects"
        if len(set(kinds)) > 1
        else f"{len(names)} objects of kind {kinds[0]}"
    )
