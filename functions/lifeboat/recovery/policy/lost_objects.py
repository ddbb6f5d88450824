"""Which objects are lost with a statement of pg_dump that could not be executed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from lifeboat.model.identifiers import TableName, split_qualified, unquoted

_NAME = r'(?:"(?:[^"]|"")+"|[a-z0-9_$]+)'
_QUALIFIED = rf"{_NAME}\.{_NAME}"

# What a statement would have created: named groups catch its name; the numbers are what it adds to
# fields of `ObjectCounts`. Infinity means unknown: CREATE TABLE includes an unknown number of
# constraints.
_MAKES: tuple[tuple[str, Mapping[str, float]], ...] = (
    (rf"CREATE (?:UNLOGGED |FOREIGN )?TABLE (?P<table>{_QUALIFIED})", {"constraints": inf}),
    (rf"COPY (?P<table>{_QUALIFIED})", {}),
    (rf"CREATE (?:UNLOGGED )?SEQUENCE (?P<sequence>{_QUALIFIED})", {}),
    (rf"ALTER TABLE .* SEQUENCE NAME (?P<sequence>{_QUALIFIED})", {}),
    (r"SELECT pg_catalog\.setval\('(?P<sequence>(?:[^']|'')+)'", {}),
    (r"CREATE (?:UNIQUE )?INDEX ", {"indexes": 1}),
    (
        rf"ALTER TABLE (?:ONLY )?{_QUALIFIED}\s+ADD CONSTRAINT {_NAME} (?:PRIMARY|UNIQUE|EXCLUDE)",
        {"constraints": 1, "indexes": 1},
    ),
    (
        rf"ALTER (?:FOREIGN )?TABLE (?:ONLY )?{_QUALIFIED}\s+ADD CONSTRAINT ",
        {"constraints": 1, "unvalidated_constraints": 1},
    ),
    (r"CREATE (?:OR REPLACE )?(?:RECURSIVE )?VIEW ", {"views": 1}),
    (r"CREATE MATERIALIZED VIEW ", {"materialized_views": 1}),
    (r"CREATE (?:FUNCTION|PROCEDURE|AGGREGATE) ", {"functions": 1}),
    (r"CREATE (?:CONSTRAINT )?TRIGGER ", {"triggers": 1}),
    (r"CREATE POLICY ", {"policies": 1}),
    (rf"CREATE EXTENSION (?:IF NOT EXISTS )?(?P<extension>{_NAME})", {}),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), counts) for pattern, counts in _MAKES)

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
        counts: how many may be missing, by field of `ObjectCounts`; infinity if unknown.
    """

    tables: frozenset[TableName] = frozenset()
    sequences: frozenset[TableName] = frozenset()
    extensions: frozenset[str] = frozenset()
    counts: Mapping[str, float] = field(default_factory=dict)


def lost_objects(statements: Iterable[str]) -> LostObjects:
    """The objects that are lost with these statements, which are in pg_dump's form."""
    names: dict[str, set[str]] = {"table": set(), "sequence": set(), "extension": set()}
    counts: dict[str, float] = {}
    for statement in statements:
        found, made = _made_by(statement)
        for kind, name in found.items():
            names[kind].add(name)
        for kind, count in made.items():
            counts[kind] = counts.get(kind, 0) + count
    return LostObjects(
        frozenset(map(split_qualified, names["table"])),
        frozenset(split_qualified(name.replace("''", "'")) for name in names["sequence"]),
        frozenset(map(unquoted, names["extension"])),
        counts,
    )


def _made_by(statement: str) -> tuple[dict[str, str], Mapping[str, float]]:
    for pattern, counts in _PATTERNS:
        if match := pattern.match(statement):
            return match.groupdict(), counts
    return {}, {}


def makes_something(statement: str) -> bool:
    """Whether the statement creates an object or a part of one."""
    return _MAKES_NOTHING.match(statement) is None


def head(statement: str) -> str:
    """The beginning of the statement, without values, which might be passwords."""
    words = " ".join(_VALUES.split(statement, maxsplit=1)[0].split())
    return words if len(words) <= _MAX_LENGTH else f"{words[:_MAX_LENGTH]}..."
