"""Neon's contract, as its OpenAPI file states it, between a client and who answers it.

The file lies in Neon's own API client, which npm installs by its hash; its licence is Neon's, so
it is not copied. Both sides are held to it, and more strictly than OpenAPI asks: nobody may use a
name that it doesn't have, be it a parameter or a property.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4, EMPTY_REGISTRY

FILE = Path("node_modules/@neondatabase/api-client/public-v2-for-users.gen.yaml")
_ROOT = Path(__file__).parents[2]
_URI = "urn:neon"

type Json = Mapping[str, Any]


class ContractBroken(AssertionError):  # noqa: N818 - pytest shows it as what it is
    """One side did what the contract doesn't have."""


@dataclass(frozen=True)
class Operation:
    """An operation of the API."""

    contract: "Contract"
    method: str
    template: str

    @property
    def content(self) -> Json:
        found: Json = self.contract.document["paths"][self.template][self.method.lower()]
        return found

    @property
    def name(self) -> str:
        return str(self.content["operationId"])

    def parameters(self, where: str) -> dict[str, Json]:
        """Its parameters in the path or in the query, by name."""
        common = self.contract.document["paths"][self.template].get("parameters", [])
        every = [
            self.contract.resolve(each) for each in (*common, *self.content.get("parameters", []))
        ]
        return {each["name"]: each for each in every if each["in"] == where}

    def body_schema(self) -> Json | None:
        body = self.contract.resolve(self.content.get("requestBody", {}))
        found: Json | None = body.get("content", {}).get("application/json", {}).get("schema")
        return found

    def answer_schema(self, status: int) -> Json | None:
        answers = self.content["responses"]
        answer = self.contract.resolve(answers.get(str(status)) or answers["default"])
        found: Json | None = answer.get("content", {}).get("application/json", {}).get("schema")
        return found


class Contract:
    """The whole file."""

    def __init__(self, text: str) -> None:
        # JSON has names as texts only, where YAML has the numbers of HTTP.
        self.document: Any = json.loads(json.dumps(yaml.load(text, yaml.CSafeLoader), default=str))

    @cached_property
    def registry(self) -> Registry[Any]:
        resource = DRAFT4.create_resource(self.document)
        found: Registry[Any] = EMPTY_REGISTRY.with_resource(_URI, resource)
        return found

    def schema(self, name: str) -> Json:
        found: Json = self.document["components"]["schemas"][name]
        return found

    def resolve(self, node: Json) -> Json:
        """The same, or what it refers to."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def operation(self, method: str, path: str) -> Operation:
        """The one that a request is of; a template without parameters goes before others."""
        for template in sorted(self.document["paths"], key=lambda each: each.count("{")):
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in self.document["paths"][template]:
                return Operation(self, method, template)
        raise ContractBroken(f"the contract has no {method} {path}")

    def wrong(self, value: object, schema: Json, place: str) -> Iterator[str]:
        """How a value doesn't fit, and which of its names the schema doesn't have."""
        absolute = json.loads(json.dumps(schema).replace('"$ref": "#', f'"$ref": "{_URI}#'))
        validator = OAS30Validator(
            absolute, registry=self.registry, format_checker=OAS30Validator.FORMAT_CHECKER
        )
        for error in validator.iter_errors(value):
            yield f"{'.'.join((place, *map(str, error.absolute_path)))}: {error.message}"
        yield from self.unknown(value, schema, place)

    def unknown(self, value: object, schema: Json, place: str) -> Iterator[str]:
        """Names in a value that the schema doesn't have."""
        if isinstance(value, list):
            items = self.resolve(schema).get("items", {})
            for number, each in enumerate(value):
                yield from self.unknown(each, items, f"{place}.{number}")
        known, is_open = self.properties(schema)
        if not isinstance(value, dict) or is_open:
            return
        for name, each in value.items():
            if name not in known:
                yield f"{place}.{name}: unknown"
            else:
                yield from self.unknown(each, known[name], f"{place}.{name}")

    def properties(self, schema: Json) -> tuple[dict[str, Json], bool]:
        """All properties of a schema, and whether it may have others."""
        schema = self.resolve(schema)
        known: dict[str, Json] = dict(schema.get("properties", {}))
        is_open = "additionalProperties" in schema or (not known and "allOf" not in schema)
        for part in schema.get("allOf", []):
            more, open_too = self.properties(part)
            known, is_open = known | more, is_open or open_too
        return known, is_open


@cache
def contract() -> Contract:
    """The contract that is installed."""
    return Contract((_ROOT / FILE).read_text())


class ContractPool(urllib3.PoolManager):
    """An HTTP client that lets nothing through, in either direction, that breaks the contract.

    Args:
        base: the path of the API's base URL.
    """

    def __init__(self, base: str = "/api/v2") -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        parts = urlsplit(url)
        operation = contract().operation(method, parts.path.removeprefix(self._base))
        _require(operation, "the client's request", _wrong_request(operation, url, options))
        answer = super().request(method, url, *args, **options)
        body = answer.read(decode_content=False)
        _require(operation, "the answer", _wrong_answer(operation, answer.status, body))
        # It was read to its end, and is to be read again.
        return urllib3.HTTPResponse(
            body=BytesIO(body), status=answer.status, headers=answer.headers, preload_content=False
        )


def _require(operation: Operation, side: str, wrong: Iterator[str]) -> None:
    found = sorted(set(wrong))
    if found:
        raise ContractBroken(f"{operation.name}: {side} breaks the contract: {'; '.join(found)}")


def _wrong_request(operation: Operation, url: str, options: Json) -> Iterator[str]:
    headers = options.get("headers", {})
    if not str(headers.get("Authorization", "")).startswith("Bearer "):
        yield "header Authorization: missing"
    known, query = operation.parameters("query"), dict(parse_qsl(urlsplit(url).query))
    yield from (f"query {name}: unknown" for name in query.keys() - known.keys())
    yield from (
        f"query {name}: missing"
        for name, each in known.items()
        if each.get("required") and name not in query
    )
    for name in query.keys() & known.keys():
        schema = operation.contract.resolve(known[name]["schema"])
        yield from operation.contract.wrong(_typed(query[name], schema), schema, f"query {name}")
    body, body_schema = options.get("body"), operation.body_schema()
    if body is not None and body_schema is None:
        yield "body: the operation has none"
    elif body is not None and body_schema is not None:
        yield from operation.contract.wrong(json.loads(body), body_schema, "body")


def _typed(text: str, schema: Json) -> object:
    """A parameter as what it stands for."""
    return json.loads(text) if schema.get("type") in {"integer", "number", "boolean"} else text


def _wrong_answer(operation: Operation, status: int, body: bytes) -> Iterator[str]:
    if status < 400 and str(status) not in operation.content["responses"]:
        yield f"status {status}: unknown"
    schema = operation.answer_schema(status)
    if schema is None:
        yield from (["body: the contract has none"] if body else [])
        return
    yield from operation.contract.wrong(json.loads(body), schema, f"{status} body")
