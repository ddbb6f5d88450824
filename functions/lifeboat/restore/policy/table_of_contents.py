"""An archive's table of contents, and the entries that some tables need.

`pg_restore --list --verbose` writes one line for each entry (number, catalog numbers, kind, schema,
name, owner) and then its dependencies. Names may contain spaces, so they aren't parsed here:
pg_restore itself selects the entries of a table.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_ENTRY = re.compile(r"^(\d+); \d+ \d+ (.*)$")
_DEPENDS = re.compile(r"^;\s+depends on: ([\d ]+)$")

_KINDS = (
    *("TABLE ATTACH", "TABLE DATA", "TABLE"),
    *("SEQUENCE OWNED BY", "SEQUENCE SET", "SEQUENCE"),
    *("INDEX ATTACH", "INDEX", "CHECK CONSTRAINT", "FK CONSTRAINT", "CONSTRAINT"),
    *("STATISTICS DATA", "STATISTICS", "DEFAULT", "TRIGGER", "POLICY", "ROW SECURITY", "RULE"),
    *("COMMENT", "ACL", "SECURITY LABEL", "EXTENSION"),
)
"""Kinds that matter here, longer ones before their prefixes."""

_PARTS = set(_KINDS) - {"EXTENSION"}
"""Kinds that are included with an entry that they depend on."""

_FOUNDATIONS = {"other", "EXTENSION", "SEQUENCE"}
"""Kinds that are included because an included entry depends on them."""

_LINKS = {"FK CONSTRAINT", "TABLE ATTACH", "INDEX ATTACH", "RULE"}
"""Links between tables: included only if all their dependencies are."""


@dataclass(frozen=True)
class Entry:
    """One entry of an archive.

    Attributes:
        number: its own.
        kind: as far as it matters here; otherwise "other".
        needs: numbers of the entries that it depends on.
        line: as pg_restore takes it in a list.
    """

    number: int
    kind: str
    needs: frozenset[int]
    line: str


@dataclass(frozen=True)
class Selection:
    """The entries that some tables need.

    Attributes:
        entries: in the archive's order.
        left_out: foreign keys and rules to tables that were not chosen, as the archive calls them.
    """

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]

    @property
    def rows_only(self) -> tuple[Entry, ...]:
        """Those that load rows and set sequences."""
        return tuple(each for each in self.entries if each.kind in {"TABLE DATA", "SEQUENCE SET"})


def parse_contents(text: str) -> tuple[Entry, ...]:
    """The entries of `pg_restore --list --verbose`."""
    found: list[Entry] = []
    for line in text.splitlines():
        if match := _ENTRY.match(line):
            found.append(Entry(int(match[1]), _kind(match[2]), frozenset(), line))
        elif (match := _DEPENDS.match(line)) and found:
            needs = found[-1].needs.union(map(int, match[1].split()))
            found[-1] = Entry(found[-1].number, found[-1].kind, needs, found[-1].line)
    return tuple(found)


def select(
    entries: Collection[Entry], chosen: AbstractSet[int], *, relatives: bool = True
) -> Selection:
    """What the chosen tables need: their parts, partitions, types, functions and schemas.

    Args:
        entries: of the whole archive.
        chosen: numbers of the tables' own entries.
        relatives: tables that inherit from them, or from which they do, come along, too.
    """
    by_number = {each.number: each for each in entries}
    partitions = _partitions(entries)
    tables = {each.number for each in entries if each.kind == "TABLE"}
    excluded = set() if relatives else tables - partitions
    taken: set[int] = set()
    more = set(chosen)
    while more:
        taken |= more
        below = {each.number for each in entries if _comes_along(each, taken, by_number)}
        above = {
            number
            for taker in taken
            if taker in by_number
            for number in _needed(by_number[taker], by_number, partitions)
        }
        more = (below | above) - taken - excluded
    left_out = [
        each.line.split(" ", 3)[3]
        for each in entries
        if each.kind in _LINKS and each.number not in taken and each.needs & _tables(taken, entries)
    ]
    return Selection(
        entries=tuple(each for each in entries if each.number in taken),
        left_out=tuple(name for name in left_out if name.startswith(("FK CONSTRAINT", "RULE"))),
    )


def _kind(text: str) -> str:
    return next((kind for kind in _KINDS if text.startswith(f"{kind} ")), "other")


def _tables(taken: AbstractSet[int], entries: Collection[Entry]) -> set[int]:
    return {each.number for each in entries if each.kind == "TABLE" and each.number in taken}


def _partitions(entries: Collection[Entry]) -> set[int]:
    """The tables that are attached to others, and can be made without them (and these)."""
    return {number for each in entries if each.kind == "TABLE ATTACH" for number in each.needs}


def _comes_along(entry: Entry, taken: AbstractSet[int], by_number: Mapping[int, Entry]) -> bool:
    hosts = [
        by_number[number]
        for number in entry.needs & taken
        if number in by_number and by_number[number].kind != "EXTENSION"
    ]
    if entry.kind not in _PARTS or not hosts:
        return False
    if entry.kind in _LINKS:
        return all(number in taken for number in entry.needs if number in by_number)
    if entry.kind == "TABLE":
        return any(host.kind == "TABLE" for host in hosts)
    return True


def _needed(
    entry: Entry, by_number: Mapping[int, Entry], partitions: AbstractSet[int]
) -> Iterator[int]:
    """Dependencies to include: types, functions, and parent tables in an inheritance tree.

    Not indexes and constraints: those of a partition depend on the partitioned table's.
    """
    inherits = entry.kind == "TABLE" and entry.number not in partitions
    for number in entry.needs:
        needed = by_number.get(number)
        if needed and (needed.kind in _FOUNDATIONS or (needed.kind == "TABLE" and inherits)):
            yield number
