"""docs/reference.md: what is sent, answered, found, measured and logged, in tables."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from lifeboat.alerts.policy.findings import Code
from lifeboat.model.metrics import EACH_CHECK
from tools.reference import registries
from tools.reference.models import ANSWERS, DOCUMENTS, FUNCTIONS, PLACES, Function
from tools.reference.schemas import Schema, schema_of, schemas, summary_of

_EVENTS = Path(__file__).parents[2] / "docs" / "events"

_HEAD = """\
# Reference

Every event, answer, stored document, finding, alarm, metric and log line of Lifeboat. This page is
made from the models in the code: `make reference` writes it and the JSON Schemas in
[schemas](schemas), and a test fails when they are older than the code. How to send an event:
[README](../README.md). Words: [glossary](glossary.md).

Every key of an answer is always there: `null`, `[]` or `{}` where there is nothing to say. Times
are in UTC, as ISO 8601. Keys that end in `_bytes` are bytes; `seconds` and keys that end in
`_seconds` are seconds; `_sql` are statements for `psql`, `_command` and `_commands` commands for a
shell, and `_event` events for the same function.
"""

_FAILED = """\
A function that could not do what was asked raises an error. `aws lambda invoke` then prints
`"FunctionError": "Unhandled"`, and the answer is this object. The second line of `errorMessage`
begins with `Safe: `, the third with `Next: `.
"""


def reference() -> str:
    """The whole page."""
    functions = (line for each in FUNCTIONS for line in _function(each))
    parts = (_HEAD, *functions, *_errors(), *_documents(), *_findings(), *_metrics(), *_log())
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _function(function: Function) -> Iterator[str]:
    yield f"## {function.name.capitalize()}"
    yield f"Function `{function.deployed}`."
    name = f"{function.name}-event.schema.json"
    yield f"### Event of {function.name}"
    yield f"Schema: [{name}](schemas/{name})."
    yield from _schema(schemas()[name], event=True)
    yield "Examples:"
    samples = sorted(_EVENTS.glob(f"{function.name}-*.json"))
    lines = [json.dumps(json.loads(each.read_text())) for each in samples]
    yield "\n".join(["```json", *lines, "```"])
    name = f"{function.name}-answer.schema.json"
    yield f"### Answers of {function.name}"
    yield f"Schema: [{name}](schemas/{name})."
    if function.name == "monitor":
        yield 'With `"format": "text"` the answer is one text.'
    shown: set[str] = set()
    for model in function.answers:
        schema = schema_of(TypeAdapter(model), "serialization")
        yield f"#### {model.__name__}"
        yield summary_of(model)
        yield from _schema(schema)
        yield from _parts(schema, shown)


def _parts(schema: Schema, shown: set[str]) -> Iterator[str]:
    """The records inside of a record, each once on this page's section."""
    for name, part in schema.get("$defs", {}).items():
        if "properties" in part and name not in shown:
            shown.add(name)
            yield f"`{name}`: {part['description']}"
            yield from _schema(part, schema.get("$defs", {}))


def _schema(
    schema: Schema, definitions: Schema | None = None, *, event: bool = False
) -> Iterator[str]:
    defs = definitions or schema.get("$defs", {})
    required = schema.get("required", ())
    rows = [
        (
            f"`{key}`",
            _type(each, defs),
            *(["yes" if key in required else ""] if event else []),
            each.get("description", ""),
        )
        for key, each in schema.get("properties", {}).items()
    ]
    heads = ("Key", "Type", "Required", "Meaning") if event else ("Key", "Type", "Meaning")
    yield _table(heads, rows)


def _type(schema: Schema, defs: Schema) -> str:
    """A type in a few words."""
    match schema:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            part = defs.get(name, {})
            found = f"`{name}`" if "properties" in part else _type(part, defs)
        case {"anyOf": list(options)}:
            found = " or ".join(dict.fromkeys(_type(each, defs) for each in options))
        case {"const": value}:
            found = f"`{json.dumps(value)}`"
        case {"enum": list(values)}:
            found = ", ".join(f"`{json.dumps(each)}`" for each in values)
        case {"type": "array", "items": dict(items)}:
            found = f"list of {_type(items, defs)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            found = f"object of {_type(values, defs)}"
        case {"type": "string", "format": "date-time"}:
            found = "time"
        case _:
            found = str(schema.get("type", "any"))
    return found


def _errors() -> Iterator[str]:
    yield "## Errors"
    yield _FAILED
    yield from _schema(schema_of(ANSWERS["error"], "serialization"))


def _documents() -> Iterator[str]:
    yield "## Stored documents"
    yield (
        "What is in the bucket as JSON. Unknown keys are ignored when a document is read; one of a"
        " newer version of its schema (`schema_version`) is refused."
    )
    for name, model in DOCUMENTS.items():
        schema = schema_of(TypeAdapter(model), "serialization")
        yield f"### {name.replace('-', ' ').capitalize()}"
        yield f"{PLACES[name]}. Schema: [{name}.schema.json](schemas/{name}.schema.json)."
        yield summary_of(model)
        yield from _schema(schema)
        yield from _parts(schema, set())


def _findings() -> Iterator[str]:
    meanings, levels = registries.meanings(), registries.levels()
    yield "## Findings"
    yield (
        "What the monitor finds, by the `code` in its answer and its messages. What to do stands"
        " under the link."
    )
    rows = [(_to_runbook(code), " or ".join(levels[code]), _first(meanings[code])) for code in Code]
    yield _table(("Code", "Level", "Meaning"), rows)
    yield "## Alarms"
    yield "CloudWatch's, each named `<stack>-<alarm>`."
    alarms = sorted(registries.alarms())
    yield _table(
        ("Alarm", "Meaning"), [(_to_runbook(each), _first(meanings[each])) for each in alarms]
    )


def _to_runbook(name: str) -> str:
    return f"[`{name}`](runbooks/alarms.md#{name})"


def _first(text: str) -> str:
    """The first sentence, without links that are good on another page only."""
    head, dot, _ = text.partition(". ")
    return (head + dot).strip().replace("](#", "](runbooks/alarms.md#")


def _metrics() -> Iterator[str]:
    units = registries.units()
    yield "## Metrics"
    yield (
        f"CloudWatch's namespace is `{registries.namespace()}`. All but the first are sent only"
        " where the settings want a dashboard."
    )
    rows = [
        (f"`{name}`", _dimensions(name), units.get(name, "None"), meaning)
        for name, meaning in registries.metric_meanings().items()
    ]
    yield _table(("Metric", "Dimensions", "Unit", "Meaning"), rows)


def _dimensions(name: str) -> str:
    if name not in registries.of_databases():
        return "none"
    return "none, or `Database`" if name in EACH_CHECK else "`Database`"


def _log() -> Iterator[str]:
    yield "## Log lines"
    yield "Each is a JSON object with `level`, `message`, `timestamp`, `service` and the run's ids."
    rows = [
        (
            each.message,
            each.level,
            ", ".join(each.functions),
            ", ".join(f"`{name}`" for name in each.fields),
        )
        for each in registries.log_events()
    ]
    yield _table(("Message", "Level", "Written by", "Further fields"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """One cell: no bar ends it, and nothing in angle brackets is taken for HTML."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(
        part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts)
    )
