"""Removes a server's internal column option from the definitions of an archive.

From the minors of 12 November 2026 on, a server keeps `pg_attver=<number>` in the options of each
column. A pg_dump of these minors leaves it out. An older pg_dump writes it like an option that
somebody has set, in the entry that creates the table:

    ALTER TABLE ONLY public.users ALTER COLUMN id SET (pg_attver=219216848, n_distinct=5);

An older server refuses that statement, and with it the table; a newer one sets its own value. The
option is never part of the backed-up data.
"""

import re
from collections.abc import Iterator

HOLDERS = frozenset({b"TABLE", b"FOREIGN TABLE", b"MATERIALIZED VIEW"})
"""Kinds of entries that may contain such a statement."""

_OPTION = b"pg_attver="
_TOKEN = re.compile(
    rb"[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\Z)|'(?:[^']++|'')*+(?:'|\Z)|\"(?:[^\"]++|\"\")*+(?:\"|\Z)"
    rb"|[\w$\x80-\xff]++|(?P<end>;)|.",
    re.DOTALL,
)
"""Tokens of definitions that the server writes: they have no comments and no $$."""

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
    """The definition, equally long, with blanks in place of the option or its statement.

    Only whole statements that set options of a column are edited, never similar text inside a
    string, a name or a view's query.

    Args:
        definition: of a table, foreign table or materialized view, in the encoding of its database.
    """
    if _OPTION not in definition:
        return definition
    return b"".join(_without_option(statement) for statement in _statements(definition))


def statements_without_attver(definition: bytes) -> tuple[bytes, ...]:
    """The definition's statements without the option, and without the blanks between them."""
    statements = (each.strip() for each in _statements(without_attver(definition)))
    return tuple(each for each in statements if each)


def _statements(script: bytes) -> Iterator[bytes]:
    """The statements, each with its semicolon, and the rest after the last one."""
    start = 0
    for token in _TOKEN.finditer(script):
        if token["end"]:
            yield script[start : token.end()]
            start = token.end()
    yield script[start:]


def _without_option(statement: bytes) -> bytes:
    match = _SET.fullmatch(statement)
    if not match:
        return statement
    options = match["options"].split(b", ")
    kept = [each for each in options if not each.startswith(_OPTION)]
    if len(kept) == len(options):
        return statement
    rest = match["until"] + b", ".join(kept) + b");" if kept else b""
    return (match["space"] + rest).ljust(len(statement))
