"""Compares what an archive says of the database itself with what pg_dump says of the drill's copy.

The copy has another name, and a comment of the drill's if the archive has none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from lifeboat.model.text import line
from lifeboat.recovery.policy.entry import Entry

_ABOUT = frozenset({"ACL", "COMMENT", "SECURITY LABEL"})
_VALUE = re.compile(r" (?:TO|=|IS) ")
"""What a statement sets to a value, which may be a secret, comes behind one of these."""


def differing_properties(archived: Iterable[Entry], copy: Iterable[Entry]) -> tuple[str, ...]:
    """A sentence for each statement about the database that only one side has; no values.

    Args:
        archived: the archive's entries.
        copy: those of a dump of the copy, whose properties have been set.
    """
    expected, restored = _statements(archived), _statements(copy)
    if not any(kind == "COMMENT" for kind, _ in expected):
        restored = Counter({each: n for each, n in restored.items() if each[0] != "COMMENT"})
    return (
        *(f"{_shown(each)} did not come back." for each in sorted(expected - restored)),
        *(
            f"{_shown(each)} came back; the backup has none."
            for each in sorted(restored - expected)
        ),
    )


def _statements(entries: Iterable[Entry]) -> Counter[tuple[str, str]]:
    """The statements by kind of entry, without the database's name."""
    chosen = list(entries)
    name = next((_name(each.definition) for each in chosen if each.kind == "DATABASE"), "")
    return Counter(
        (each.kind, statement) for each in chosen for statement in _of_database(each, name)
    )


def _name(definition: str) -> str:
    """The name, as the statement quotes it."""
    return definition.removeprefix("CREATE DATABASE ").rpartition(" WITH TEMPLATE = ")[0]


def _of_database(entry: Entry, name: str) -> Iterator[str]:
    if entry.kind == "DATABASE":
        yield f"OWNER TO {entry.owner}"
    about = entry.kind in _ABOUT and not entry.schema and entry.tag.startswith("DATABASE ")
    if not about and entry.kind != "DATABASE PROPERTIES":
        return
    for each in entry.definition.split(";\n"):
        if statement := each.strip():
            yield statement.replace(f"DATABASE {name}", "DATABASE", 1)


def _shown(found: tuple[str, str]) -> str:
    kind, statement = found
    whole = kind in ("ACL", "DATABASE")
    return line(statement if whole else _VALUE.split(statement, maxsplit=1)[0])
