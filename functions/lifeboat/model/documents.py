"""Lifeboat's own documents in the bucket: JSON that people can read too.

A document states the version of its schema. A reader accepts its own version and earlier ones. It
refuses a document that is damaged, newer, or stored under another document's key.
"""

import json
from abc import abstractmethod
from typing import ClassVar, Self

from pydantic import ValidationError
from pydantic_core import from_json

from lifeboat.errors import LifeboatError
from lifeboat.model.inventory import StoredRecord

_MAX_PROBLEMS = 10
_MAX_SHOWN = 200


class Document(StoredRecord):
    """A record with its own key in the bucket; each kind has a field `schema_version`.

    Attributes:
        NOUN: its name in errors, such as "manifest".
        SCHEMA_VERSION: the newest version of its schema that this code knows.
        REFUSAL: the error that is raised when it cannot be read.
        SAFE: what a damaged one does not affect.
        INSTEAD: the alternative to reading an earlier version.
        OLD_KEYS: keys of documents from before the first release.
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
        """The key under which the document belongs in the bucket."""

    @property
    def stray(self) -> str | None:
        """The key of an object that it names as its own, but that belongs to another backup."""
        return None

    def to_json(self) -> bytes:
        """The document as it is stored: fields in their order, one line for each flat record."""
        return (_render(self.model_dump(mode="json")) + "\n").encode()

    @classmethod
    def from_json(cls, document: bytes, *, key: str | None = None) -> Self:
        """Read a stored document.

        Args:
            document: the result of `to_json`, of this or an earlier version of Lifeboat.
            key: where it was found; a document that belongs elsewhere is refused.

        Raises:
            LifeboatError: of the kind `REFUSAL`: it is damaged, was written by a newer Lifeboat,
                or is stored under a wrong key.
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
            raise cls._damaged(f"{where} names {_short(read.stray)}, which is not its own.")
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
    more = len(problems) - _MAX_PROBLEMS
    text = "; ".join(problems[:_MAX_PROBLEMS])
    return f"{text}; and {more} more" if more > 0 else text


def _short(value: object) -> str:
    """A value from a damaged document, on one line and in ASCII."""
    text = ascii(str(value))[1:-1]
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _render(value: object, indent: str = "") -> str:
    """JSON with one line for each value that contains no object or list."""
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
