"""Which objects are lost with a statement of pg_dump that could not be executed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lifeboat.model.identifiers import TableName, split_qualified, unquoted

_NAME = r'(?:"(?:[^"]|"")+"|[a-z0-9_$]+)'
_QUALIFIED = rf"{_NAME}\.{_NAME}"

# What a statement would have created: named groups catch its name.
_PATTERNS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE (?P<table>{_QUALIFIED})",
        rf"COPY (?P<table>{_QUALIFIED})",
        rf"CREATE (?:UNLOGGED )?SEQUENCE (?P<sequence>{_QUALIFIED})",
        rf"ALTER TABLE .* SEQUENCE NAME (?P<sequence>{_QUALIFIED})",
        r"SELECT pg_catalog\.setval\('(?P<sequence>(?:[^']|'')+)'",
        rf"CREATE EXTENSION (?:IF NOT EXISTS )?(?P<extension>{_NAME})",
    )
)

_MAKES_NOTHING = re.compile(
    r"COMMENT ON |SECURITY LABEL |GRANT |REVOKE |SET |RESET |COPY |SELECT |REFRESH "
    r"|ALTER DEFAULT PRIVILEGES |CREATE EXTENSION |ALTER [^;]* (?:OWNER TO|OWNED BY) [^;]*;\s*$"
)
"""Statements about an object that another statement creates: only that one counts as a loss."""

_VALUES = re.compile(r"[('$;]|\sAS\s")
"""Values may follow after these."""

_MAX_LENGTH = 100


@dataclass(frozen=True)
class LostObjects:
    """The objects that are lost with some statements.

    Attributes:
        tables: schema and name of each.
        sequences: schema and name of each.
        extensions: names.
    """

    tables: frozenset[TableName] = frozenset()
    sequences: frozenset[TableName] = frozenset()
    extensions: frozenset[str] = frozenset()


def lost_objects(statements: Iterable[str]) -> LostObjects:
    """The objects that are lost with these statements, which are in pg_dump's form."""
    names: dict[str, set[str]] = {"table": set(), "sequence": set(), "extension": set()}
    for statement in statements:
        for kind, name in _made_by(statement).items():
            names[kind].add(name)
    return LostObjects(
        frozenset(map(split_qualified, names["table"])),
        frozenset(split_qualified(name.replace("''", "'")) for name in names["sequence"]),
        frozenset(map(unquoted, names["extension"])),
    )


def _made_by(statement: str) -> dict[str, str]:
    found = (pattern.match(statement) for pattern in _PATTERNS)
    return next((match.groupdict() for match in found if match), {})


def makes_something(statement: str) -> bool:
    """Whether the statement creates an object or a part of one."""
    return _MAKES_NOTHING.match(statement) is None


def head(statement: str) -> str:
    """The beginning of the statement, without values, which might be passwords."""
    words = " ".join(_VALUES.split(statement, maxsplit=1)[0].split())
    return words if len(words) <= _MAX_LENGTH else f"{words[:_MAX_LENGTH]}..."
