"""Compares the entries of two archives of definitions: the same objects, with the same text.

Left out are, with reasons:

| entries | why |
|---|---|
| rows, states of sequences, large objects, statistics | they are data, and have their own checks |
| ENCODING, STDSTRINGS, SEARCHPATH | they are pg_restore's own session |
| the database itself | it has another name; its properties are set last (check `settings`) |
| subscriptions | they stay out of every copy |
| a comment on an extension that the archive has none for | CREATE EXTENSION itself makes one |
| owners, grants, the schema public | only where they are not restored (`owners` is none) |
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lifeboat.model.identifiers import quoted
from lifeboat.recovery.policy.attver import HOLDERS, statements_without_attver
from lifeboat.recovery.policy.entry import DATA, Entry

_NOT_COMPARED = DATA | {
    "DATABASE",
    "DATABASE PROPERTIES",
    "ENCODING",
    "SEARCHPATH",
    "STDSTRINGS",
    "SUBSCRIPTION",
}
_ABOUT = frozenset({"ACL", "COMMENT", "SECURITY LABEL"})
"""Kinds of entries that say something of another entry's object, which their tag names."""

_NOT_COMPARED_ABOUT = ("DATABASE ", "LARGE OBJECT ", "LARGE OBJECTS ", "SUBSCRIPTION ")
_RIGHTS = frozenset({"ACL", "DEFAULT ACL"})
_RELATIONS = frozenset({"FOREIGN TABLE", "INDEX", "MATERIALIZED VIEW", "SEQUENCE", "TABLE", "VIEW"})

type _Identity = tuple[str, str, str, str]


@dataclass(frozen=True)
class Change:
    """An entry that came back, but not as it was.

    Attributes:
        expected: the archive's.
        restored: the copy's.
    """

    expected: Entry
    restored: Entry


@dataclass(frozen=True)
class Differences:
    """What differs between the entries of an archive and those of a restored copy.

    Attributes:
        missing: entries that did not come back.
        more: entries that came back, and are not in the archive.
        reworded: entries with another text.
        moved: entries with another owner.
    """

    missing: tuple[Entry, ...] = ()
    more: tuple[Entry, ...] = ()
    reworded: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()


def comparable(entries: Iterable[Entry], *, owners: bool) -> tuple[Entry, ...]:
    """The entries that are compared, in order.

    Args:
        entries: of an archive.
        owners: whether owners and grants have been restored.
    """
    chosen = (each for each in entries if _is_compared(each, owners=owners))
    return tuple(
        each if owners and each.kind not in _ABOUT else replace(each, owner="") for each in chosen
    )


def _is_compared(entry: Entry, *, owners: bool) -> bool:
    if entry.kind in _NOT_COMPARED:
        return False
    if entry.kind in _ABOUT and entry.tag.startswith(_NOT_COMPARED_ABOUT):
        return False
    return owners or not (entry.kind in _RIGHTS or (entry.kind, entry.tag) == _PUBLIC)


_PUBLIC = ("SCHEMA", "public")
"""It is in every database; pg_dump writes it only if it has another owner than usual."""


def differences(expected: Iterable[Entry], restored: Iterable[Entry]) -> Differences:
    """What differs, in the order of the archive.

    Args:
        expected: the comparable entries of the archive.
        restored: those of the copy.
    """
    there = _by_identity(restored)
    found = _Found()
    for identity, wanted in _by_identity(expected).items():
        found.add(wanted, there.pop(identity, []))
    rest = (each for rest in there.values() for each in rest)
    found.more += (each for each in rest if not _comes_with_an_extension(each))
    return Differences(
        tuple(found.missing), tuple(found.more), tuple(found.reworded), tuple(found.moved)
    )


def _comes_with_an_extension(entry: Entry) -> bool:
    """Whether CREATE EXTENSION itself makes it: the comment in the extension's control file.

    An archive has no entry of it if somebody removed the comment, or if only some tables and what
    they need were restored.
    """
    return entry.kind == "COMMENT" and entry.tag.startswith("EXTENSION ")


def _by_identity(entries: Iterable[Entry]) -> dict[_Identity, list[Entry]]:
    """The entries by what they are called: some share a name, such as operators for two types."""
    found: defaultdict[_Identity, list[Entry]] = defaultdict(list)
    for each in entries:
        found[_identity(each)].append(each)
    return found


def _identity(entry: Entry) -> _Identity:
    role = entry.owner if entry.kind == "DEFAULT ACL" else ""
    return entry.kind, entry.schema, entry.tag, role


@dataclass
class _Found:
    """The differences so far."""

    missing: list[Entry] = field(default_factory=list)
    more: list[Entry] = field(default_factory=list)
    reworded: list[Change] = field(default_factory=list)
    moved: list[Change] = field(default_factory=list)

    def add(self, wanted: list[Entry], there: list[Entry]) -> None:
        """Compare the entries of one name: first those that are alike, then the others."""
        for key in (_text_and_owner, _text):
            pairs, wanted, there = _paired(wanted, there, key)
            self.moved += (each for each in pairs if each.expected.owner != each.restored.owner)
        rest = [Change(*pair) for pair in zip(wanted, there, strict=False)]
        self.reworded += rest
        self.moved += (each for each in rest if each.expected.owner != each.restored.owner)
        self.missing += wanted[len(there) :]
        self.more += there[len(wanted) :]


def _paired(
    wanted: list[Entry], there: list[Entry], key: Callable[[Entry], object]
) -> tuple[list[Change], list[Entry], list[Entry]]:
    """Pairs of entries with the same key, and the rest of either side."""
    by_key: defaultdict[object, list[Entry]] = defaultdict(list)
    for other in there:
        by_key[key(other)].append(other)
    pairs, rest = [], []
    for each in wanted:
        if same := by_key[key(each)]:
            pairs.append(Change(each, same.pop(0)))
        else:
            rest.append(each)
    return pairs, rest, [each for others in by_key.values() for each in others]


def _text_and_owner(entry: Entry) -> object:
    return entry.definition, entry.access_method, entry.owner


def _text(entry: Entry) -> object:
    """The definition, without a server's internal `pg_attver` where there may be one."""
    if entry.kind.encode() not in HOLDERS:
        return entry.definition, entry.access_method
    definition = entry.definition.encode(errors="surrogateescape")
    return statements_without_attver(definition), entry.access_method


def printed_so(changes: Iterable[Change], printed: Iterable[Entry]) -> Iterator[bool | None]:
    """For each change, whether the server itself prints the archive's text like that.

    Args:
        changes: entries with another text.
        printed: entries of a database into which only the archive's definitions were restored.

    Returns:
        True if that database has the entry with the copy's text, False if it has it with another
        text only, None if it doesn't have it.
    """
    found = _by_identity(printed)
    for change in changes:
        same = found.get(_identity(change.expected), [])
        yield any(_text(change.restored) == _text(each) for each in same) if same else None


def relations(entries: Iterable[Entry]) -> frozenset[str]:
    """`schema.name` of tables, views and the like."""
    return frozenset(f"{each.schema}.{each.tag}" for each in entries if each.kind in _RELATIONS)


def name_of(entry: Entry) -> str:
    """The entry as people know it, such as `FUNCTION public.f(integer)`."""
    if entry.kind in _ABOUT:
        return f"{entry.kind} of {entry.tag}" + (f" in {quoted(entry.schema)}" * bool(entry.schema))
    tag = quoted(entry.tag) if entry.kind in _RELATIONS else entry.tag
    return f"{entry.kind} {quoted(entry.schema)}.{tag}" if entry.schema else f"{entry.kind} {tag}"


def excused(missing: Sequence[Entry], statements: Iterable[str]) -> Iterator[bool]:
    """For each missing entry, whether its own statement is among those that failed.

    Args:
        missing: the entries.
        statements: as pg_restore quotes them; each excuses one entry.
    """
    left = Counter(squeezed(each) for each in statements if each)
    for each in missing:
        statement = squeezed(each.definition)
        left[statement] -= 1
        yield left[statement] >= 0


def squeezed(statement: str) -> str:
    """The statement in a form in which pg_restore's quotation equals the archive's definition."""
    text = statement.encode(errors="surrogateescape").decode(errors="replace")
    return " ".join(text.split())
