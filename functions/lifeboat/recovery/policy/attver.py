"""Takes a server's own notes on columns out of the definitions of an archive.

From the minors of 12 November 2026 on, a server keeps `pg_attver=<number>` among the options of
each column. A pg_dump of these minors leaves it out, an older one writes it down like an option
that somebody has set, in the entry that makes the table:

    ALTER TABLE ONLY public.users ALTER COLUMN id SET (pg_attver=219216848, n_distinct=5);

An older server refuses that and so the table; a newer one keeps its own. It is in no case what was
backed up.
"""

import re
from collections.abc import Iterator

HOLDERS = frozenset({b"TABLE", b"FOREIGN TABLE", b"MATERIALIZED VIEW"})
"""Kinds of entries in which such a statement stands."""

_OPTION = b"pg_attver="
_TOKEN = re.compile(
    rb"[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\Z)|'(?:[^']++|'')*+(?:'|\Z)|\"(?:[^\"]++|\"\")*+(?:\"|\Z)"
    rb"|[\w$\x80-\xff]++|(?P<end>;)|.",
    re.DOTALL,
)
"""In the few ways in which the server itself writes definitions down: without comments or $$."""

_NAME = rb'(?:"(?:[^"]++|"")*+"|[a-z0-9_$\x80-\xff]++)'
_SET = re.compile(
    rb"(?P<space>\s*+)(?P<until>ALTER (?:FOREIGN )?TABLE ONLY "
    + _NAME
    + rb"\."
    + _NAME
    + rb" ALTER"
    rb" COLUMN " + _NAME + rb" SET \()(?P<options>[\w.+-]++=[^\s,;()'\"]*+(?:, [\w.+-]++="
    rb"[^\s,;()'\"]*+)*+)\);"
)


def without_attver(definition: bytes) -> bytes:
    """The same definition, as long as before, with blanks for the option or for its statement.

    Only whole statements that set options of a column are looked at, never what looks like one
    inside of a string, of a name or of a view's query.

    Args:
        definition: of a table, foreign table or materialized view, in the encoding of its database.
    """
    if _OPTION not in definition:
        return definition
    return b"".join(_cleared(statement) for statement in _statements(definition))


def _statements(script: bytes) -> Iterator[bytes]:
    """Each with its semicolon, and what follows the last one."""
    start = 0
    for token in _TOKEN.finditer(script):
        if token["end"]:
            yield script[start : token.end()]
            start = token.end()
    yield script[start:]


def _cleared(statement: bytes) -> bytes:
    match = _SET.fullmatch(statement)
    if not match:
        return statement
    options = match["options"].split(b", ")
    kept = [each for each in options if not each.startswith(_OPTION)]
    if len(kept) == len(options):
        return statement
    rest = match["until"] + b", ".join(kept) + b");" if kept else b""
    return (match["space"] + rest).ljust(len(statement))
