"""What became of a database's definitions while it was dumped, and in which words to say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifeboat.model.identifiers import qualified, quoted

type Key = tuple[str, int, int]

_AND_BACK = "changed and changed back"


@dataclass(frozen=True)
class Definition:
    """One row of a system catalog, as one snapshot saw it.

    Attributes:
        key: catalog, number of the object, and of its column where it is one of several.
        version: the transaction that wrote the row; another one means that it was written anew.
        kind: of the object, as PostgreSQL's manual calls it.
        schema: that the object lies in; empty for kinds that lie in none.
        name: of the object, or of what it is a part of.
        part: the part's own name, such as an enum's label; empty for a whole object.
        signature: argument types in parentheses, for kinds that have them.
        called: what this row itself is called; None when it only marks where something was.
        placed: number of the schema.
        meaning: a hash of what pg_dump may write from it.
        content: a hash of all of it.
    """

    key: Key
    version: str
    kind: str
    schema: str
    name: str
    part: str
    signature: str
    called: str | None
    placed: int
    meaning: int
    content: int

    def __str__(self) -> str:
        """In words, such as: enum label "sad" of lib.mood."""
        whole = qualified(self.schema, self.name) if self.schema else quoted(self.name)
        whole += self.signature
        if not self.part:
            return f"{self.kind} {whole}"
        part = quoted(self.part)
        return f"{self.kind} {part if part.startswith('"') else f'"{part}"'} of {whole}"


def changes(before: Iterable[Definition], now: Mapping[Key, Definition]) -> list[str]:
    """What was changed, an object a text; of an object that changed, its parts aren't named too.

    Args:
        before: what the dump's snapshot has and somebody wrote to since.
        now: what is left of it, by key.
    """
    found: dict[str, str] = {}
    wholes: set[tuple[str, str]] = set()
    for each in before:
        if (how := _change(each, now.get(each.key))) is None:
            continue
        if not each.part:
            wholes.add((each.schema, each.name))
        elif (each.schema, each.name) in wholes:
            continue
        # A view is a relation and a rule: what became of one may tell more.
        if found.get(str(each), _AND_BACK) == _AND_BACK:
            found[str(each)] = how
    return [f"{what} was {how}" for what, how in found.items()]


def _change(before: Definition, now: Definition | None) -> str | None:
    """What was done to it; None when it matters to no dump.

    A row that was written anew and is the same again was changed and changed back: a dump may have
    read what was in between. Where something differs that doesn't matter, such as a grant, that
    is why it was written.
    """
    if now is None or now.called is None:
        return "dropped"
    how: str | None = None
    if now.version == before.version:
        how = None
    elif now.called != before.called:
        how = "renamed"
    elif now.placed != before.placed:
        how = "moved to another schema"
    elif now.meaning != before.meaning:
        how = "altered or replaced"
    elif now.content == before.content:
        how = _AND_BACK
    return how
