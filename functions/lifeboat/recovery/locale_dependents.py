"""Finds out, in a restored copy, what works by rules of text that its server lacks."""

from collections.abc import Collection
from typing import LiteralString, cast

from lifeboat.recovery.database_locale import read_locale
from lifeboat.recovery.policy.locales import DatabaseLocale, Dependent, Kind, LocaleDependents
from lifeboat.recovery.run import RecoveryRun

_SENSITIVE = (
    *("lower", "upper", "initcap", "casefold", "to_tsvector", "to_tsquery", "plainto_tsquery"),
    *("text_lt", "text_le", "text_gt", "text_ge", "text_larger", "text_smaller", "bttextcmp"),
    *("bpcharlt", "bpcharle", "bpchargt", "bpcharge", "bpchar_larger", "bpchar_smaller"),
    *("textregexeq", "textregexne", "texticregexeq", "texticregexne", "texticlike", "texticnlike"),
    *("bpcharregexeq", "bpcharregexne", "bpcharicregexeq", "bpcharicregexne", "bpchariclike"),
    *("bpcharicnlike", "textregexsubstr", "textregexreplace", "regexp_match", "regexp_matches"),
    *("regexp_replace", "regexp_like", "regexp_count", "regexp_instr", "regexp_substr"),
    *("regexp_split_to_array", "nameregexeq", "nameregexne", "nameicregexeq", "nameicregexne"),
)
"""Functions of the server whose results depend on letters, case or order. Equality and LIKE
compare characters, so they give the same everywhere. Functions of users and extensions may do
anything."""

_DEPENDENTS: LiteralString = r"""
WITH affected AS (
    SELECT oid FROM pg_catalog.pg_collation
    WHERE (oid = 100 AND %(own)s) OR collname::text = ANY (%(replaced)s::text[])
), sensitive AS (
    SELECT oid FROM pg_catalog.pg_proc
    WHERE oid >= 16384 OR proname::text = ANY (%(functions)s::text[])
), expression (kind, relation, name, tree) AS (
    SELECT 'CHECK', CASE WHEN conrelid <> 0 THEN conrelid::regclass::text
                         ELSE contypid::regtype::text END, conname::text, conbin::text
    FROM pg_catalog.pg_constraint WHERE contype = 'c' AND oid >= 16384
    UNION ALL
    SELECT 'generated column', attrelid::regclass::text, attname::text, adbin::text
    FROM pg_catalog.pg_attrdef d
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE attgenerated = 's'
)
SELECT kind, relation, name FROM expression WHERE EXISTS (
    SELECT FROM pg_catalog.regexp_matches(
        tree, ':(?:op)?funcid (\d+) [^{}()]*?:inputcollid (\d+)', 'g') AS used
    JOIN affected a ON a.oid = used[2]::oid JOIN sensitive s ON s.oid = used[1]::oid
)
UNION ALL
SELECT 'bounds', partrelid::regclass::text, '' FROM pg_catalog.pg_partitioned_table
WHERE partstrat = 'r'
  AND EXISTS (SELECT FROM unnest(partcollation) c JOIN affected a ON a.oid = c)
UNION ALL
SELECT 'citext column', attrelid::regclass::text, attname::text
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE %(own)s AND typname = 'citext' AND relkind IN ('r', 'p') AND attnum > 0
  AND NOT attisdropped
ORDER BY 1, 2, 3
"""
"""Stored expressions name each function with the collation that it gets (pg_node_tree). 100 is the
database's own; partitions have it among the collations of their key."""


def locale_dependents(run: RecoveryRun, replaced: Collection[str] = ()) -> LocaleDependents:
    """What in the restored copy works by the backup's locale, or by a replaced collation.

    Args:
        run: whose copy has been restored.
        replaced: names of collations that were created before, as another kind.

    Raises:
        ServerError: the server refused, or the connection broke.
    """
    wanted = DatabaseLocale.of_source(run.manifest.source)
    with run.reading() as connection:
        found = read_locale(connection, run.copy_name)
        own = found is None or not wanted.is_like(found[1])
        if not own and not replaced:
            return LocaleDependents()
        arguments = {"own": own, "replaced": list(replaced), "functions": list(_SENSITIVE)}
        rows = connection.execute(_DEPENDENTS, arguments).fetchall()
    dependents = (
        Dependent(cast("Kind", kind), str(relation), str(name)) for kind, relation, name in rows
    )
    return LocaleDependents(str(wanted) if own else None, tuple(dependents))
