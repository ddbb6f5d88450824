"""JSON Schemas of the models, with what their docstrings say of each field."""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tools.reference.models import ANSWERS, DOCUMENTS, FUNCTIONS

type Schema = dict[str, Any]

_NONE = re.compile(r"\bNone\b")
"""Python's word for what JSON calls null."""

_FIELD = re.compile(r"^(?P<name>\w+): (?P<text>.*)$")


def attributes_of(model: type) -> dict[str, str]:
    """What the docstrings of a class, and of those that it is made of, say of its fields."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        found |= dict(_attributes(each.__doc__ or ""))
    return found


def summary_of(model: type) -> str:
    """A class's docstring without what it says of its fields, as one paragraph."""
    text = inspect.cleandoc(model.__doc__ or "")
    return " ".join(re.split(r"\n+(?:Attributes|Raises):\n", text)[0].split())


def _attributes(docstring: str) -> Iterator[tuple[str, str]]:
    _, _, section = inspect.cleandoc(docstring).partition("Attributes:\n")
    name, words = "", list[str]()
    for line in section.splitlines():
        match = _FIELD.match(line.removeprefix("    "))
        if not line.startswith("    "):
            break
        if match and not line.startswith("     "):
            yield from [(name, " ".join(words))] if name else []
            name, words = match["name"].rstrip("_"), [match["text"]]
        else:
            words.append(line.strip())
    yield from [(name, " ".join(words))] if name else []


class _Described(GenerateJsonSchema):
    """Puts the docstrings' words to the fields that they are about."""

    def model_schema(self, schema: Any) -> Schema:  # noqa: ANN401  # pydantic's own typed dict
        """Of a model."""
        return _described(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> Schema:  # noqa: ANN401  # as above
        """Of a dataclass."""
        return _described(super().dataclass_schema(schema), schema["cls"])


def _described(made: Schema, model: type) -> Schema:
    said = attributes_of(model)
    made["description"] = summary_of(model)
    for name, each in made.get("properties", {}).items():
        each.pop("title", None)
        if name in said:
            text = _NONE.sub("null", said[name])
            each["description"] = text[0].upper() + text[1:]
    return made


def schema_of(adapter: TypeAdapter[Any], mode: Literal["validation", "serialization"]) -> Schema:
    """The JSON Schema of a model."""
    return adapter.json_schema(mode=mode, by_alias=True, schema_generator=_Described)


@cache
def schemas() -> Mapping[str, Schema]:
    """Every schema, by the name of its file."""
    made: dict[str, Schema] = {}
    for function in FUNCTIONS:
        event = schema_of(TypeAdapter(function.event), "validation")
        for name, each in event["properties"].items():
            if each.get("type") != "boolean" and not {"enum", "$ref"} & each.keys():
                each["description"] = f"{each['description']} May be {function.may_be[name]}."
        made[f"{function.name}-event"] = event
    for name, adapter in ANSWERS.items():
        made[f"{name}-answer"] = schema_of(adapter, "serialization")
    for name, model in DOCUMENTS.items():
        made[name] = schema_of(TypeAdapter(model), "serialization")
    return {f"{name}.schema.json": _headed(name, each) for name, each in made.items()}


def _headed(name: str, schema: Schema) -> Schema:
    title = name.replace("-", " ").capitalize()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return head | schema | {"title": title}
