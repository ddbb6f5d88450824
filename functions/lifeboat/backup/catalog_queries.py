"""The rows of the system catalogs that pg_dump reads outside of its snapshot, and their queries."""

from dataclasses import dataclass
from typing import LiteralString

_ROW: LiteralString = "(t.*)::text"


def _without(*columns: LiteralString) -> LiteralString:
    return "(pg_catalog.to_jsonb(t) - '{" + ",".join(columns) + "}'::text[])::text"


@dataclass(frozen=True)
class Catalog:
    """A catalog whose current rows pg_dump's functions read.

    Attributes:
        table: its name.
        kind: SQL for the kind of object, in people's words.
        called: SQL for the row's own name.
        schema: SQL for the number of the schema of the whole object.
        name: SQL for the name of the whole object.
        part: SQL for the part's name.
        signature: SQL for the argument types.
        placed: SQL for the schema's number if the row itself is in a schema.
        number: SQL for the object's number.
        column: SQL for the column's number.
        source: further joins.
        only: SQL condition for the rows that count.
        meaning: SQL for what a dump may contain of the row.
        content: SQL for all of the row except PostgreSQL's own counters.
    """

    table: LiteralString
    kind: LiteralString
    called: LiteralString
    meaning: LiteralString
    schema: LiteralString = "0"
    name: LiteralString = ""
    part: LiteralString = "''"
    signature: LiteralString = "''"
    placed: LiteralString = "0"
    number: LiteralString = "t.oid"
    column: LiteralString = "0"
    source: LiteralString = ""
    only: LiteralString = "true"
    content: LiteralString = _ROW

    def query(self, rows: LiteralString) -> LiteralString:
        """The SELECT of all these columns, for the rows of a condition."""
        return f"""
        SELECT '{self.table}', ({self.number})::bigint, ({self.column})::int, t.xmin::text,
               {self.kind}, {_text("n.nspname")}, {_text(self.name or self.called)},
               {_text(self.part)}, {_text(self.signature)}, {_text(self.called)},
               ({self.placed})::bigint, {_hash(self.meaning)}, {_hash(self.content)}
        FROM pg_catalog.{self.table} t {self.source}
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = {self.schema}
        WHERE {rows} AND {self.only} AND coalesce(n.nspname !~ '^pg_(temp|toast)', true)
        """  # noqa: S608  # put together from this file's own constants


def _text(expression: LiteralString) -> LiteralString:
    """A name as bytes: in SQL_ASCII, a name may not be valid text."""
    return f"pg_catalog.convert_to(({expression})::text, %(encoding)s)"


def _hash(expression: LiteralString) -> LiteralString:
    return f'pg_catalog.hashtextextended({expression} COLLATE "C", 0)'


def _of_relation(number: LiteralString) -> LiteralString:
    return f"JOIN pg_catalog.pg_class o ON o.oid = {number}"


_RELATION: LiteralString = """
CASE {}.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
     WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'f' THEN 'foreign table'
     WHEN 'c' THEN 'type' ELSE 'table' END
"""

CATALOGS = (
    Catalog(
        "pg_namespace",
        kind="'schema'",
        called="t.nspname",
        only="t.nspname !~ '^pg_(temp|toast)'",
        meaning=_without("nspacl", "nspowner"),
    ),
    Catalog(
        "pg_extension",
        kind="'extension'",
        called="t.extname",
        placed="t.extnamespace",
        meaning=_without("extowner"),
    ),
    # An array type is called what nobody else is; it is shown by its element's name. The types of
    # relations' rows tell when these were renamed there and back.
    Catalog(
        "pg_type",
        kind="CASE WHEN t.typtype = 'd' THEN 'domain' WHEN t.typrelid = 0 THEN 'type' ELSE "
        + _RELATION.format("o")
        + " END",
        called="t.typname",
        source="LEFT JOIN pg_catalog.pg_class o ON o.oid = t.typrelid",
        schema="t.typnamespace",
        placed="t.typnamespace",
        only="NOT EXISTS (SELECT FROM pg_catalog.pg_type e"
        " WHERE e.oid = t.typelem AND e.typarray = t.oid)",
        meaning=_without("typacl", "typowner"),
    ),
    # Little of these rows is read but in the snapshot. A REFRESH writes its materialized view's row
    # without changing it, as settings of a table that are set and reset do.
    Catalog(
        "pg_class",
        kind=_RELATION.format("t"),
        called="t.relname",
        schema="t.relnamespace",
        placed="t.relnamespace",
        only="t.relkind <> 't'",
        meaning="ROW(t.relkind, t.relnatts,"
        " CASE WHEN t.relkind NOT IN ('r', 'p') THEN t.reloptions END)::text",
        content="CASE WHEN t.relkind IN ('r', 'p', 'm') THEN t.xmin::text ELSE "
        + _without(
            "relpages",
            "reltuples",
            "relallvisible",
            "relallfrozen",
            "relfrozenxid",
            "relminmxid",
            "relhasindex",
        )
        + " END",
    ),
    Catalog(
        "pg_proc",
        kind="CASE t.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'"
        " ELSE 'function' END",
        called="t.proname",
        schema="t.pronamespace",
        placed="t.pronamespace",
        signature="'(' || pg_catalog.oidvectortypes(t.proargtypes) || ')'",
        meaning=_without("proacl", "proowner"),
    ),
    # Another operator's CREATE may write itself into these two columns.
    Catalog(
        "pg_operator",
        kind="'operator'",
        called="t.oprname",
        schema="t.oprnamespace",
        placed="t.oprnamespace",
        meaning=_without("oprowner", "oprcom", "oprnegate"),
    ),
    *(
        Catalog(
            table,
            kind=f"'{kind}'",
            called=f"t.{prefix}name",
            schema=f"t.{prefix}namespace",
            placed=f"t.{prefix}namespace",
            meaning=_without(f"{prefix}owner", *harmless),
        )
        for table, kind, prefix, harmless in (
            ("pg_opclass", "operator class", "opc", ()),
            ("pg_opfamily", "operator family", "opf", ()),
            ("pg_collation", "collation", "coll", ("collversion",)),
            ("pg_ts_config", "text search configuration", "cfg", ()),
            ("pg_ts_dict", "text search dictionary", "dict", ()),
            ("pg_ts_parser", "text search parser", "prs", ()),
            ("pg_ts_template", "text search template", "tmpl", ()),
            ("pg_statistic_ext", "statistics", "stx", ("stxstattarget",)),
        )
    ),
    Catalog(
        "pg_enum",
        kind="'enum label'",
        called="t.enumlabel",
        source="JOIN pg_catalog.pg_type o ON o.oid = t.enumtypid",
        schema="o.typnamespace",
        name="o.typname",
        part="t.enumlabel",
        meaning=_without("enumsortorder"),  # which a label that comes in between may change
    ),
    Catalog(
        "pg_attribute",
        kind="CASE o.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END",
        called="CASE WHEN NOT t.attisdropped THEN t.attname END",
        number="t.attrelid",
        column="t.attnum",
        source=_of_relation("t.attrelid"),
        schema="o.relnamespace",
        name="o.relname",
        part="t.attname",
        only="t.attnum > 0 AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')",
        meaning="ROW(t.atttypid, t.atttypmod, t.attcollation)::text",
    ),
    # A view's query is a rule; it is the view that people know.
    Catalog(
        "pg_rewrite",
        kind="CASE t.rulename WHEN '_RETURN' THEN " + _RELATION.format("o") + " ELSE 'rule' END",
        called="t.rulename",
        source=_of_relation("t.ev_class"),
        schema="o.relnamespace",
        name="o.relname",
        part="CASE WHEN t.rulename <> '_RETURN' THEN t.rulename ELSE '' END",
        meaning=_without("ev_enabled"),
    ),
    Catalog(
        "pg_trigger",
        kind="'trigger'",
        called="t.tgname",
        source=_of_relation("t.tgrelid"),
        schema="o.relnamespace",
        name="o.relname",
        part="t.tgname",
        meaning=_without("tgenabled"),
    ),
    Catalog(
        "pg_constraint",
        kind="'constraint'",
        called="t.conname",
        source="LEFT JOIN pg_catalog.pg_class o ON o.oid = t.conrelid"
        " LEFT JOIN pg_catalog.pg_type d ON d.oid = t.contypid",
        schema="t.connamespace",
        name="coalesce(o.relname, d.typname)",
        part="t.conname",
        meaning=_without("convalidated"),
    ),
)
"""In the order in which changes are told: a whole object before its parts. What isn't here is read
by pg_dump in its snapshot alone (publications, casts, languages, servers, policies, column
defaults, comments, grants but for the roles' names, ...) or can't change under a table's lock."""

NAMED_ROLES: LiteralString = """
t.oid = 10 OR t.oid IN (
    SELECT s.refobjid FROM pg_catalog.pg_shdepend s
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
    WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass
      AND (s.dbid = d.oid
           OR s.dbid = 0 AND s.classid = 'pg_catalog.pg_database'::regclass AND s.objid = d.oid))
"""
"""Grants show roles by their names of now, and `globals.sql` makes those that are there now. Only
roles matter that own something in this database or have a grant there; the first one (initdb's)
owns what isn't recorded. Nobody but a superuser sees more of a role than its name."""


def roles(rows: LiteralString) -> LiteralString:
    """The SELECT of some roles, in the columns of `Catalog.query`."""
    name = _text("t.rolname")
    return f"""
    SELECT 'pg_authid', t.oid::bigint, 0, t.rolname::text, 'role', NULL::bytea, {name}, ''::bytea,
           ''::bytea, {name}, 0::bigint, 0::bigint, 0::bigint
    FROM pg_catalog.pg_roles t WHERE {rows}
    """  # noqa: S608  # as above
