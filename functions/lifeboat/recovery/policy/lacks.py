"""What a server lacks, by name: an error is excused only by a lack that explains it.

An archive itself creates whatever it needs, except what extensions bring. So a missing name that
belongs to no lacking extension, and to nothing that failed for want of one, is the backup's fault.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lifeboat.model.identifiers import unquoted

_NAME = r'(?:"(?:[^"]++|"")*+"|[a-z0-9_$]++)'
_OPERATOR = r"[-+*/<>=~!@#%^&|`?]+"

_EXTENSION = re.compile(rf"CREATE EXTENSION (?:IF NOT EXISTS )?({_NAME})")
_QUALIFIED = re.compile(
    rf"CREATE (?:[A-Z]+ ){{1,4}}({_NAME})\.({_NAME}|{_OPERATOR})"
    rf"|ALTER TABLE [^\n]*+\n\s*+SEQUENCE NAME ({_NAME})\.({_NAME})"
)
_PLAIN = re.compile(
    r"CREATE (?:OR REPLACE |TRUSTED |PROCEDURAL )*"
    r"(?:SCHEMA|SERVER|EVENT TRIGGER|ACCESS METHOD|LANGUAGE|FOREIGN DATA WRAPPER)"
    rf" ({_NAME})"
)
_INDEX = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX (?P<index>{_NAME}) ON (?:ONLY )?(?P<on>{_NAME})\."
    rf"|ALTER TABLE (?:ONLY )?(?P<keyed>{_NAME})\.{_NAME}\s+ADD CONSTRAINT (?P<key>{_NAME}) "
)
_FILLED = re.compile(rf"REFRESH MATERIALIZED VIEW {_NAME}\.({_NAME})")


@dataclass
class Lacks:
    """The names that a restore can miss without being at fault.

    Attributes:
        members: names that each extension of the backup consists of; None if that isn't known.
        names: that are known to be lacking, as `schema.name`, unquoted.
        any: whether something is lacking that an archive or an extension creates.
        unknown: whether an extension is lacking whose members aren't known: any name may be its.
    """

    members: Mapping[str, Iterable[str] | None] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    any: bool = False
    unknown: bool = False

    def add_extension(self, name: str, *, replaced: bool = False) -> None:
        """Add an extension that the server lacks, or has `replaced` by a stand-in of the layer."""
        known = self.members.get(name)
        self.any = True
        self.unknown |= known is None and not replaced
        self.names |= {name, *(known or ())}

    def add_statement(self, statement: str) -> None:
        """Add whatever a failed statement would have made, or filled."""
        self.any |= statement.startswith("CREATE ")
        if extension := _EXTENSION.match(statement):
            self.add_extension(unquoted(extension[1]))
        self.names.update(_made_by(statement))

    def explain(self, missing: str | None) -> bool:
        """Whether an error may come from a lack.

        Args:
            missing: the name that the error calls missing; None if it names none.
        """
        if missing is None or self.unknown:
            return self.any
        return _plain(missing) in self.names


def _plain(missing: str) -> str:
    """A name as errors have it, without quotes, arguments and brackets."""
    return missing.partition("(")[0].strip('"').removesuffix("[]")


def _made_by(statement: str) -> Iterator[str]:
    for pattern in (_QUALIFIED, _PLAIN, _FILLED):
        if match := pattern.match(statement):
            yield ".".join(unquoted(part) for part in match.groups() if part)
    if match := _INDEX.match(statement):
        schema, name = match["on"] or match["keyed"], match["index"] or match["key"]
        yield f"{unquoted(schema)}.{unquoted(name)}"
