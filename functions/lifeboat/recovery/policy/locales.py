"""What works by rules of text (letters, their case, their order) that another locale has not.

Rows are the same everywhere, but a CHECK may refuse them, a generated column may get another value,
and a partition may have no room for them. So where a server lacks a backup's locale, these are
named and never count as tested.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lifeboat.model.identifiers import split_qualified, unquoted
from lifeboat.model.inventory import Source

type Kind = Literal["CHECK", "generated column", "bounds", "citext column"]

_NAME = r'(?:"(?:[^"]++|"")*+"|[a-z0-9_$]++)'
_COLUMN = re.compile(_NAME)
_FOREIGN_KEY = re.compile(
    rf"ALTER TABLE (?:ONLY )?({_NAME}\.{_NAME})\s+ADD CONSTRAINT {_NAME} FOREIGN KEY \(([^)]*)\)"
)


@dataclass(frozen=True)
class DatabaseLocale:
    """The locale of a database.

    Attributes:
        provider: libc, icu or builtin.
        collate: LC_COLLATE.
        ctype: LC_CTYPE.
        name: of the provider's locale; None for libc, or if it isn't known.
    """

    provider: str
    collate: str
    ctype: str
    name: str | None = None

    @classmethod
    def of_source(cls, source: Source) -> "DatabaseLocale":
        """The locale of a backed-up database."""
        return cls(source.locale_provider, source.collate, source.ctype, source.locale)

    def __str__(self) -> str:
        """As people write it, such as `en_US.UTF-8 (libc)`."""
        return f"{self.name or self.collate} ({self.provider})"

    def is_like(self, other: "DatabaseLocale") -> bool:
        """Whether text works by the same rules; spellings such as C.utf8 and C.UTF-8 are one."""
        if self.provider != other.provider:
            return False
        if self.provider == "libc":
            mine, theirs = (self.collate, self.ctype), (other.collate, other.ctype)
            return [*map(_plain, mine)] == [*map(_plain, theirs)]
        return None in (self.name, other.name) or self.name == other.name


def _plain(locale: str) -> str:
    plain = locale.lower().replace("-", "")
    return "c" if plain == "posix" else plain


@dataclass(frozen=True)
class Dependent:
    """Something in a restored copy that works by rules of text which the server lacks.

    Attributes:
        kind: what it is.
        relation: the qualified table, or the domain of a CHECK.
        name: of the constraint or column; empty for bounds of partitions.
    """

    kind: Kind
    relation: str
    name: str = ""

    def __str__(self) -> str:
        """In words."""
        return f"{self.relation}: {self.kind} {self.name or 'of partitions'}"


@dataclass(frozen=True)
class LocaleDependents:
    """All of them in one copy.

    Attributes:
        locale: the backup's own, if this server lacks it.
        found: what depends on it, or on a replaced collation.
    """

    locale: str | None = None
    found: tuple[Dependent, ...] = ()

    def sentences(self) -> Iterator[str]:
        """One for each of them."""
        rules = "a replaced collation"
        if self.locale:
            rules = f"the locale {self.locale}, which this database doesn't have"
        for each in self.found:
            yield f"{each} works by {rules}: it is not tested."

    def has_check(self, constraint: str) -> bool:
        """Whether a CHECK of that name is one of them."""
        return any(each.kind == "CHECK" and each.name == constraint for each in self.found)

    def has_bounds(self) -> bool:
        """Whether bounds of partitions are among them."""
        return any(each.kind == "bounds" for each in self.found)

    def has_key(self, statement: str) -> bool:
        """Whether the foreign key that the statement creates has such a column."""
        match = _FOREIGN_KEY.match(statement)
        if match is None:
            return False
        columns = {unquoted(name) for name in _COLUMN.findall(match[2])}
        return any(
            each.kind == "citext column"
            and split_qualified(each.relation) == split_qualified(match[1])
            and each.name in columns
            for each in self.found
        )
