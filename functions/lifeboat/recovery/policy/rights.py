"""Which entries of an archive a superuser creates; an ordinary role creates all others.

Code of the backed-up database runs when its definitions and rows are restored: CHECKs, generated
columns, index expressions, materialized views. It even runs when a definition is only parsed: a
constant of a composite, array or range type calls the CHECKs of the domains in it, in a view, an
argument's default, a policy, a partition's bound or an aggregate's initial state. So a superuser
creates only

- what has no expression, so that no foreign code can run (schemas, extensions, collations, casts,
  comments, grants);
- what only a superuser of the source can have created (functions in C, base types, operator
  classes, access methods, event triggers).

A role that was no superuser in the source is none here.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby, islice, pairwise, takewhile

from lifeboat.model.identifiers import unquoted
from lifeboat.recovery.policy.entry import Entry, line_number
from lifeboat.recovery.policy.passes import Pass, passes

_BEFORE_ROWS = frozenset(
    {
        "ACCESS METHOD",
        "CAST",
        "COLLATION",
        "EXTENSION",
        "FOREIGN DATA WRAPPER",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "PROCEDURAL LANGUAGE",
        "SCHEMA",
        "SERVER",
        "SHELL TYPE",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "TRANSFORM",
        "USER MAPPING",
    }
)
_AFTER_ROWS = frozenset(
    {
        "ACL",
        "DEFAULT ACL",
        "EVENT TRIGGER",
        "PUBLICATION",
        "PUBLICATION TABLE",
        "PUBLICATION TABLES IN SCHEMA",
        "SUBSCRIPTION",
        "SUBSCRIPTION TABLE",
    }
)
_LAST = "EVENT TRIGGER"
_ROUTINES = frozenset({"FUNCTION", "PROCEDURE"})

_TOKEN = re.compile(
    r"[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\Z)|'(?:[^']++|'')*+(?:'|\Z)|\"(?:[^\"]++|\"\")*+(?:\"|\Z)"
    r"|[\w$]++|\s++|.",
    re.DOTALL,
)
"""Tokens of definitions that the server writes. Anything unknown is one more token, and so belongs
to something that no superuser creates. An open quote reaches to the end, found in one scan."""

_SUPERUSER_PROPERTIES = frozenset({"LEAKPROOF", "SUPPORT"})
"""Properties that only a superuser may give a function. The server writes keywords in capitals, and
quotes every name that has capitals."""

_END_OF_PROPERTIES = frozenset({"AS", "BEGIN", "RETURN"})
"""A function's properties end before these words."""


@dataclass(frozen=True)
class RolePass:
    """One run of pg_restore, and the kind of role that runs it.

    Attributes:
        run: what to restore.
        superuser: whether a superuser runs it.
    """

    run: Pass
    superuser: bool


@dataclass(frozen=True)
class RolePasses:
    """All passes of a restore.

    Attributes:
        building: definitions, rows, and what is built from rows.
        finishing: grants, contents of materialized views, and event triggers.
    """

    building: tuple[RolePass, ...]
    finishing: tuple[RolePass, ...]


def passes_by_role(
    lines: Iterable[str], entries: Collection[Entry], parameters: Collection[str] = ()
) -> RolePasses:
    """The passes of a restore, each either by a superuser or by an ordinary role.

    What a superuser creates before the rows is, with few exceptions, at the beginning of an
    archive. So one run can still restore tables and their rows together.

    Args:
        lines: the table of contents, as `pg_restore --list` writes it, in its order.
        entries: of the whole archive.
        parameters: the server's settings that only a superuser may change.
    """
    kinds = {each.number: _kind(each) for each in entries}
    superusers = {each.number for each in entries if needs_superuser(each, parameters)}
    early: list[str] = []
    late: list[str] = []
    events: list[str] = []
    for line in lines:
        kind = kinds.get(line_number(line))
        if kind is None:  # a comment in the list
            continue
        into = events if kind == _LAST else late if kind in _AFTER_ROWS else early
        into.append(line)
    rows, rest, *views = passes(early)
    heads = groupby(rows.entries, lambda line: line_number(line) in superusers)
    others = tuple(line for line in rest.entries if line_number(line) not in superusers)
    return RolePasses(
        building=(
            *(
                RolePass(
                    replace(rows, entries=tuple(some), parallel=not by_superuser), by_superuser
                )
                for by_superuser, some in heads
            ),
            RolePass(replace(rest, entries=others), superuser=False),
        ),
        finishing=(
            *_as_superuser(late),
            *(RolePass(each, superuser=False) for each in views),
            *_as_superuser(events),
        ),
    )


def _as_superuser(lines: list[str]) -> Iterator[RolePass]:
    if lines:
        yield RolePass(Pass(tuple(lines), parallel=False), superuser=True)


def _kind(entry: Entry) -> str:
    """Its kind; for a comment, the kind of its object if only a superuser creates that."""
    if entry.kind != "COMMENT":
        return entry.kind
    about = (kind for kind in _BEFORE_ROWS | _AFTER_ROWS if entry.tag.startswith(f"{kind} "))
    return next(about, entry.kind)


def needs_superuser(entry: Entry, parameters: Collection[str]) -> bool:
    """Whether a superuser has to create it, and safely can.

    Args:
        entry: of the archive.
        parameters: the server's settings that only a superuser may change.
    """
    kind = _kind(entry)
    if kind in _BEFORE_ROWS | _AFTER_ROWS:
        return True
    if kind == "TYPE":
        return _is_base_type(entry.definition)
    if kind in _ROUTINES:
        return _has_superuser_properties(entry.definition, parameters)
    return kind == "AGGREGATE" and _has_internal_state(entry.definition)


def _tokens(definition: str) -> Iterator[str]:
    found = (match[0] for match in _TOKEN.finditer(definition))
    return (each for each in found if not each.isspace())


def _top_level_tokens(definition: str) -> Iterator[str]:
    """The tokens outside of brackets, for example without a function's arguments."""
    depth = 0
    for word in _tokens(definition):
        depth += word == "("
        if depth == 0:
            yield word
        depth -= word == ")"


def _is_base_type(definition: str) -> bool:
    """Whether properties follow its name: other types are created AS something."""
    return [*islice(_tokens(definition), 6)][5:] == ["("]


def _has_superuser_properties(definition: str, parameters: Collection[str]) -> bool:
    """Whether a function is machine code, or has properties that need a superuser."""
    words = dropwhile(lambda word: word != "LANGUAGE", _top_level_tokens(definition))
    properties = [*takewhile(lambda word: word not in _END_OF_PROPERTIES, words)]
    sets = (name for word, name in pairwise(properties) if word == "SET")
    return (
        properties[1:2] in (["c"], ["internal"])
        or not _SUPERUSER_PROPERTIES.isdisjoint(properties)
        or any(unquoted(name) in parameters for name in sets)
    )


def _has_internal_state(definition: str) -> bool:
    words = [*_tokens(definition)]
    return ["STYPE", "=", "internal"] in [words[at : at + 3] for at in range(len(words))]
