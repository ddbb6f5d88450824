"""Parses `Settings` from the CDK's context; one error lists all problems."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from inspect import isclass
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lifeboat.errors import SettingsError
from lifeboat.model.pasted_passwords import NOT_SHOWN, may_hold_password
from lifeboat.settings.fields import Deployment
from lifeboat.settings.model import Settings

ROOT = "lifeboat"
"""The context key of the settings; `-c lifeboat.<path>=<value>` replaces one value."""

STACK_KEY = "stack_name"
"""The context key of the stack's name; the settings file may have it beside the settings."""

_REMOVED = {
    "backup.checksums": "is not used any more: every backup has digests of all rows now, and every"
    " drill compares them. Delete this line",
}
"""Keys of earlier versions, and what to do about them."""

_MAX_SHOWN = 80
_MAX_PROBLEMS = 15
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


def parse(
    context: Mapping[str, object],
    *,
    source: str | None = None,
    deployment: Deployment | None = None,
) -> Settings:
    """Read the settings out of the CDK's context.

    `lifeboat` is an object, or JSON text (from `-c lifeboat='{...}'`). Keys such as
    `lifeboat.backup.memory_mb` or `lifeboat.databases.0.cron` replace one value each. Such a value
    is parsed as JSON if it is JSON; else it is text.

    Args:
        context: the context of the CDK app, with the settings in it.
        source: the name of their file, for errors; None: the command line alone.
        deployment: the stack's account and region, and today. With it, ARNs must belong to that
            account and region, and schedules must fire after today.

    Raises:
        SettingsError: lists every bad key with its value and what is expected.
    """
    problems: list[str] = []
    refused: list[ErrorDetails] = []
    whole = _with_overrides(_settings_object(context), context, problems)
    try:
        settings = Settings.model_validate(whole, context=deployment)
    except ValidationError as error:
        refused = error.errors(include_url=False)
    if problems or refused:
        more = len(problems) + len(refused) - _MAX_PROBLEMS
        shown = [*problems, *map(_explain, refused[:_MAX_PROBLEMS])][:_MAX_PROBLEMS]
        rest = [f"and {more} more"] if more > 0 else []
        listed = "\n".join(f"  - {problem}" for problem in [*shown, *rest])
        where, change = ("-c", "Change what is listed")
        if source:
            where, change = f"{source}, or -c when given", f"Change what is listed in {source}"
        raise SettingsError(
            f"The settings ({where}) cannot be used:\n{listed}",
            todo=f"{change}, or pass -c {ROOT}.<key>=<value>.",
        )
    return settings


def _settings_object(context: Mapping[str, object]) -> object:
    given = context.get(ROOT, {})
    return _json_or_text(given) if isinstance(given, str) else given


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _with_overrides(whole: object, context: Mapping[str, object], problems: list[str]) -> object:
    """Apply the dotted keys to a copy of `whole`, shallow ones first; failures go to `problems`."""
    prefix = f"{ROOT}."
    paths = {key: key.removeprefix(prefix).split(".") for key in context if key.startswith(prefix)}
    for key in sorted(paths, key=lambda key: [(len(part), part) for part in paths[key]]):
        value = context[key]
        try:
            whole = _replaced(
                whole, paths[key], _json_or_text(value) if isinstance(value, str) else value
            )
        except LookupError as error:
            problems.append(f"{_key(paths[key])} cannot be set: {error.args[0]}")
    return whole


def _replaced(node: object, path: list[str], value: object) -> object:
    """A copy of `node` with the value at `path` replaced; missing objects are created.

    Raises:
        LookupError: a part of the path is neither a key nor an index of the value there.
    """
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        return {**node, part: _replaced(node.get(part, _empty_for(rest)), rest, value)}
    if not isinstance(node, list | tuple) or part not in {str(i) for i in range(len(node) + 1)}:
        raise LookupError(f"{_shown(node)} has no part {_shown(part)}")
    index = int(part)
    old = node[index] if index < len(node) else _empty_for(rest)
    return [*node[:index], _replaced(old, rest, value), *node[index + 1 :]]


def _empty_for(rest: list[str]) -> object:
    return [] if rest and rest[0].isdecimal() else {}


def _explain(found: ErrorDetails) -> str:
    key = _key(found["loc"])
    match found["type"]:
        case "missing":
            return f"{key} is missing: {_field(found['loc']).description}"
        case "extra_forbidden" if told := _REMOVED.get(".".join(map(str, found["loc"]))):
            return f"{key} {told}"
        case "extra_forbidden":
            return f"{key} is unknown{_known_keys(found['loc'])}"
        case "model_type":  # the settings as a whole; all other objects use `expects`
            return f"{key} is {_shown(found['input'])}; it may be an object with `databases`"
        case "string_unicode":
            return f"{key} is {_shown(found['input'])}; it may be text without half characters"
        case _:
            return f"{key} is {_shown(found['input'])}; it may be {found['msg']}"


def _known_keys(location: tuple[int | str, ...]) -> str:
    """What an unknown key may mean: the nearest name, then all known ones.

    In TOML a key belongs to the table above it, so a valid key may be in the wrong table.
    """
    *tables, key = map(str, location)
    known = [*_keys_of(_model_at(location[:-1])), *([] if tables else [STACK_KEY])]
    near = get_close_matches(key[:_MAX_SHOWN], known, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else "."
    if tables and key in (*_keys_of(Settings), STACK_KEY):
        meant = "; it belongs above the first [table]."
    elif homes := [table for table, keys in _tables() if key in keys]:
        meant = f"; it belongs in {' or '.join(homes)}."
    return f"{meant} Known here: {', '.join(known)}"


def _keys_of(model: type[BaseModel]) -> Iterator[str]:
    yield from (field.alias or name for name, field in model.model_fields.items())


@cache
def _tables() -> tuple[tuple[str, frozenset[str]], ...]:
    """All tables of the settings, and the keys of each: the same for every unknown key."""
    return tuple(_tables_in(Settings, ""))


def _tables_in(model: type[BaseModel], table: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Those inside `table`, the table of `model`."""
    for name, field in model.model_fields.items():
        inside = f"{table}.{name}".removeprefix(".")
        for part in _models_in(field.annotation):
            yield inside, frozenset(_keys_of(part))
            yield from _tables_in(part, inside)


def _field(location: tuple[int | str, ...]) -> FieldInfo:
    return _model_at(location[:-1]).model_fields[str(location[-1])]


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, str):
            model = next(_models_in(model.model_fields[part].annotation))
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models inside an annotation such as `tuple[Annotated[Model, ...], ...]`."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _key(location: Iterable[int | str]) -> str:
    """A key as it is written, except one that may hold a password."""
    parts = [str(part) for part in location]
    if all(map(_PLAIN_KEY.fullmatch, parts)):
        return ".".join([ROOT, *parts])
    return f"{ROOT}: {_shown('.'.join(parts))}"


def _shown(value: object) -> str:
    """The value as JSON, truncated, except one that may hold a password."""
    text = json.dumps(value, default=str)
    if may_hold_password(text):
        return NOT_SHOWN
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}... ({len(text)} characters)"
