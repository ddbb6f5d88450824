"""An entry of an archive's table of contents."""

from collections.abc import Iterable
from dataclasses import dataclass

DATA = frozenset(
    {
        "BLOB",
        "BLOB METADATA",
        "BLOBS",
        "MATERIALIZED VIEW DATA",
        "SEQUENCE SET",
        "STATISTICS DATA",
        "TABLE DATA",
    }
)
"""Kinds of entries that bring data, not definitions."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of an archive's table of contents.

    Attributes:
        number: with which its line in `pg_restore --list` begins.
        kind: such as TABLE or COMMENT.
        schema: unquoted; empty for what is in none.
        tag: its name; for a comment, kind and name of its object, such as SCHEMA public.
        owner: a role, unquoted; empty for what has none.
        access_method: of a table or materialized view; its definition doesn't have it.
        definition: the statements that create it, without those that give it to its owner.
    """

    number: int
    kind: str
    schema: str = ""
    tag: str
    owner: str = ""
    access_method: str = ""
    definition: str


def line_number(line: str) -> int:
    """The entry's number in a line of `pg_restore --list`; 0 for a comment."""
    number = line.partition(";")[0]
    return int(number) if number.isdecimal() else 0


def definition_lines(lines: Iterable[str], entries: Iterable[Entry]) -> tuple[str, ...]:
    """The lines of the entries that bring no data.

    Args:
        lines: of `pg_restore --list`.
        entries: of the same archive.
    """
    numbers = {each.number for each in entries if each.kind not in DATA}
    return tuple(line for line in lines if line_number(line) in numbers)
