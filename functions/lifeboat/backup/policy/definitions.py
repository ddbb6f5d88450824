"""Describes how a database's definitions changed while it was dumped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifeboat.model.identifiers import qualified, quoted

type Key = tuple[str, int, int]

_AND_BACK = "changed and changed back"


@dataclass(frozen=True)
class Definition:
    """One row of a system catalog, as one snapshot saw it.

    Attributes:
        key: catalog, number of the object, and number of the column, or 0.
        version: the transaction that wrote the row; it differs if the row was written again.
        kind: of the object, in the words of PostgreSQL's manual.
        schema: of the object; empty for kinds without a schema.
        name: of the object, or of the whole of which it is a part.
        part: the part's own name, such as an enum's label; empty for a whole object.
        signature: argument types in parentheses, for kinds that have them.
        called: the row's own name; None for the row of a dropped column.
        placed: number of the schema.
        meaning: a hash of what pg_dump may write of it.
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
    """A sentence for each changed object; parts of a changed object aren't listed again.

    Args:
        before: rows in the dump's snapshot that have been written to since.
        now: the current rows, by key.
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
        # A view is a relation and a rule: one of them may show the change better.
        if found.get(str(each), _AND_BACK) == _AND_BACK:
            found[str(each)] = how
    return [f"{what} was {how}" for what, how in found.items()]


def _change(before: Definition, now: Definition | None) -> str | None:
    """What was done to it; None when it doesn't matter for a dump.

    A row that was written again and has the same content was changed and changed back: a dump may
    have read the state in between. If only something irrelevant differs, such as a grant, that was
    the reason for the write.
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
