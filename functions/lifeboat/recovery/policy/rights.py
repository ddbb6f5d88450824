"""Which entries of an archive a superuser may make, in a server where all else is made by others.

Code of the backed-up database runs whenever its definitions and rows are brought back: CHECKs,
generated columns, expressions of indexes, materialized views. It even runs where a definition is
only read: a constant of a composite, array or range type calls the CHECKs of the domains in it, be
it in a view, an argument's default, a policy, a partition's bound or an aggregate's first state. So
a superuser makes nothing but

- what holds no expression, so that nobody's code can run (schemas, extensions, collations, casts,
  comments, grants);
- what nobody but a superuser of the source can have made (functions in C, base types, operator
  classes, access methods, event triggers).

Whoever was no superuser in the source is none here.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby, islice, pairwise, takewhile

from lifeboat.model.identifiers import unquoted
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
"""As the server writes definitions down. What it may not understand is taken for a token more, and
so for something that no superuser makes; what is open, to the end, which is looked for once."""

_BEYOND = frozenset({"LEAKPROOF", "SUPPORT"})
"""Properties of a function that only a superuser may give it. The server writes its own words in
capitals, and puts quotes around any name that has some."""

_ENDS = frozenset({"AS", "BEGIN", "RETURN"})
"""After these words there is nothing more about a function's properties."""


@dataclass(frozen=True)
class Entry:
    """One entry of an archive's table of contents.

    Attributes:
        number: its own, with which `pg_restore --list` begins its line.
        kind: such as TABLE or COMMENT.
        tag: its name, after its kind where it is about something else: SCHEMA public.
        definition: the statement that makes it.
    """

    number: int
    kind: str
    tag: str
    definition: str


@dataclass(frozen=True)
class Turn:
    """One run of pg_restore, and whose it is.

    Attributes:
        run: what to restore.
        superuser: whether a superuser does it.
    """

    run: Pass
    superuser: bool


@dataclass(frozen=True)
class Turns:
    """All of them.

    Attributes:
        building: definitions, rows, and all that is made of rows.
        finishing: grants, what materialized views hold, and event triggers.
    """

    building: tuple[Turn, ...]
    finishing: tuple[Turn, ...]


def turns(
    lines: Iterable[str], entries: Collection[Entry], parameters: Collection[str] = ()
) -> Turns:
    """The passes of a restore, each by a superuser alone or by a role that is none.

    What a superuser makes before the rows stands at the head of an archive, with few exceptions,
    so that tables and their rows are left to one run.

    Args:
        lines: the table of contents, as `pg_restore --list` writes it, in its order.
        entries: all of them.
        parameters: the server's settings that only a superuser may change.
    """
    kinds = {each.number: _kind(each) for each in entries}
    superusers = {each.number for each in entries if takes_a_superuser(each, parameters)}
    early: list[str] = []
    late: list[str] = []
    events: list[str] = []
    for line in lines:
        kind = kinds.get(_number(line))
        if kind is None:  # a comment in the list
            continue
        into = events if kind == _LAST else late if kind in _AFTER_ROWS else early
        into.append(line)
    rows, rest, *views = passes(early)
    heads = groupby(rows.entries, lambda line: _number(line) in superusers)
    others = tuple(line for line in rest.entries if _number(line) not in superusers)
    return Turns(
        building=(
            *(
                Turn(replace(rows, entries=tuple(some), parallel=not by_superuser), by_superuser)
                for by_superuser, some in heads
            ),
            Turn(replace(rest, entries=others), superuser=False),
        ),
        finishing=(
            *_alone(late),
            *(Turn(each, superuser=False) for each in views),
            *_alone(events),
        ),
    )


def _alone(lines: list[str]) -> Iterator[Turn]:
    if lines:
        yield Turn(Pass(tuple(lines), parallel=False), superuser=True)


def _number(line: str) -> int:
    """Of the entry that a line of `pg_restore --list` is about; comments have none."""
    number = line.partition(";")[0]
    return int(number) if number.isdecimal() else 0


def _kind(entry: Entry) -> str:
    """Its kind; of a comment the kind of what it is about, where that takes a superuser."""
    if entry.kind != "COMMENT":
        return entry.kind
    about = (kind for kind in _BEFORE_ROWS | _AFTER_ROWS if entry.tag.startswith(f"{kind} "))
    return next(about, entry.kind)


def takes_a_superuser(entry: Entry, parameters: Collection[str]) -> bool:
    """Whether a superuser has to make it and may.

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
        return _is_beyond_others(entry.definition, parameters)
    return kind == "AGGREGATE" and _has_internal_state(entry.definition)


def _tokens(definition: str) -> Iterator[str]:
    found = (match[0] for match in _TOKEN.finditer(definition))
    return (each for each in found if not each.isspace())


def _outside(definition: str) -> Iterator[str]:
    """The tokens that stand in no brackets, such as those of a function's arguments."""
    depth = 0
    for word in _tokens(definition):
        depth += word == "("
        if depth == 0:
            yield word
        depth -= word == ")"


def _is_base_type(definition: str) -> bool:
    """Whether its properties follow the name at once: other types are made AS something."""
    return [*islice(_tokens(definition), 6)][5:] == ["("]


def _is_beyond_others(definition: str, parameters: Collection[str]) -> bool:
    """Whether a function is in a language of machine code, or has a superuser's properties."""
    words = dropwhile(lambda word: word != "LANGUAGE", _outside(definition))
    properties = [*takewhile(lambda word: word not in _ENDS, words)]
    sets = (name for word, name in pairwise(properties) if word == "SET")
    return (
        properties[1:2] in (["c"], ["internal"])
        or not _BEYOND.isdisjoint(properties)
        or any(unquoted(name) in parameters for name in sets)
    )


def _has_internal_state(definition: str) -> bool:
    words = [*_tokens(definition)]
    return ["STYPE", "=", "internal"] in [words[at : at + 3] for at in range(len(words))]
