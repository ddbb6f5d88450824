"""How Lifeboat's own documents are stored in the vault: as JSON that people can read too.

A document says which version of its schema it has. A reader takes that and every earlier version;
whatever is damaged, newer or lies in another document's place is refused, never guessed at.
"""

import json
from abc import abstractmethod
from typing import ClassVar, Self

from pydantic import ValidationError
from pydantic_core import from_json

from lifeboat.errors import LifeboatError
from lifeboat.model.inventory import Frozen

_PROBLEMS_TOLD = 10
_SHOWN = 200


class Document(Frozen):
    """A record with a place of its own in the vault; each kind has a field `schema_version`.

    Attributes:
        NOUN: what it is called in errors, such as "manifest".
        SCHEMA_VERSION: the newest version of its schema that this code knows.
        REFUSAL: the error raised when one cannot be read.
        SAFE: what is not affected by a damaged one.
        INSTEAD: what else there may be to use, said after how to find an earlier version.
        OLD_KEYS: keys that only documents have that were written before the first release.
    """

    NOUN: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int]
    REFUSAL: ClassVar[type[LifeboatError]]
    SAFE: ClassVar[str]
    INSTEAD: ClassVar[str]
    OLD_KEYS: ClassVar[frozenset[str]] = frozenset()

    @property
    @abstractmethod
    def key(self) -> str:
        """Where the document belongs in the vault."""

    @property
    def stray(self) -> str | None:
        """What it claims as its own although it lies elsewhere in the vault."""
        return None

    def to_json(self) -> bytes:
        """The document as it is stored: fields as declared, one line for each plain record."""
        return (_render(self.model_dump(mode="json")) + "\n").encode()

    @classmethod
    def from_json(cls, document: bytes, *, key: str | None = None) -> Self:
        """Read a stored document.

        Args:
            document: what `to_json` gave, of this or an earlier version of Lifeboat.
            key: where it was found; one that claims to belong elsewhere is refused.

        Raises:
            LifeboatError: of the class's own kind: it is damaged, written by a newer Lifeboat, or
                lies in a wrong place.
        """
        where = f"The {cls.NOUN} {key}" if key else f"The {cls.NOUN}"
        content = cls._parse(document, where)
        cls._require_released_form(content, where)
        try:
            read = cls.model_validate(content)
        except ValidationError as error:
            raise cls._damaged(f"{where} is not valid: {_problems(error)}.") from None
        if key is not None and read.key != key:
            raise cls._damaged(f"{where} claims to be {read.key}.")
        if key is not None and read.stray:
            raise cls._damaged(f"{where} claims {_short(read.stray)}, which is none of its own.")
        return read

    @classmethod
    def _parse(cls, document: bytes, where: str) -> dict[str, object]:
        try:
            content: object = from_json(document, allow_inf_nan=False)
        except ValueError as error:
            raise cls._damaged(f"{where} is not JSON: {error}.") from None
        if not isinstance(content, dict):
            raise cls._damaged(f"{where} is not a JSON object.")
        version = content.get("schema_version")
        if not isinstance(version, int) or version < 1:
            raise cls._damaged(f"{where} does not say which schema_version it has.")
        if version > cls.SCHEMA_VERSION:
            raise cls.REFUSAL(
                f"{where} was written by a newer Lifeboat: it has schema version"
                f" {_short(version)}, this one reads up to {cls.SCHEMA_VERSION}.",
                todo="Update Lifeboat (git pull && make deploy), then try again.",
            )
        return content

    @classmethod
    def _require_released_form(cls, content: dict[str, object], where: str) -> None:
        old = sorted(cls.OLD_KEYS & content.keys())
        if old:
            raise cls.REFUSAL(
                f"{where} was written before Lifeboat's first release, whose documents have other"
                f" keys: it has {', '.join(map(repr, old))}.",
                safe=cls.SAFE,
                todo=f"Take a new backup (or {cls.INSTEAD}). To restore this one, use the standard"
                " PostgreSQL tools: docs/runbooks/lifeboat-is-gone.md.",
            )

    @classmethod
    def _damaged(cls, what: str) -> LifeboatError:
        return cls.REFUSAL(
            what,
            safe=cls.SAFE,
            todo="List the object's versions (aws s3api list-object-versions --bucket <bucket>"
            f" --prefix <key>) and read an earlier one, or {cls.INSTEAD}.",
        )


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)
    problems = [
        f"{_short('.'.join(map(str, each['loc'])))}: {each['msg'][0].lower()}{each['msg'][1:]}"
        for each in found
    ]
    more = len(problems) - _PROBLEMS_TOLD
    told = "; ".join(problems[:_PROBLEMS_TOLD])
    return f"{told}; and {more} more" if more > 0 else told


def _short(value: object) -> str:
    """What a damaged document says, on one line and in ASCII."""
    text = ascii(str(value))[1:-1]
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _render(value: object, indent: str = "") -> str:
    """JSON with one line for whatever holds no further object or list."""
    deeper = indent + "  "
    match value:
        case dict() if any(isinstance(each, dict | list) for each in value.values()):
            lines = [f"{json.dumps(key)}: {_render(each, deeper)}" for key, each in value.items()]
            opening, closing = "{}"
        case list() if any(isinstance(each, dict | list) for each in value):
            lines = [_render(each, deeper) for each in value]
            opening, closing = "[]"
        case _:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(lines) + f"\n{indent}{closing}"
