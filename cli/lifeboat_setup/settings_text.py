"""Changes of lifeboat.toml that keep everything else in it: comments, order, blank lines.

Each change is read back: what comes out has to be the old settings with this one change.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from infra.settings_file import DEFAULT_STACK
from infra.toml_text import toml_of
from lifeboat.errors import SettingsError
from lifeboat.settings.context import STACK_KEY

_HEADING = re.compile(r"[ \t]*(\[\[?)[ \t]*([^\[\]#]+?)[ \t]*\]\]?[ \t]*(#.*)?")
_DATABASES = "databases"


def names_of_databases(text: str) -> list[str]:
    """The names of the databases in the settings, without the example's."""
    known = tomllib.loads(text).get(_DATABASES, [])
    return [str(each.get("name")) for each in known if not _is_example(each)]


def stack_named(example: str, stack: str) -> str:
    """The example's text with the name of the stack, where it is not the usual one."""
    if stack == DEFAULT_STACK:
        return example
    default = f'# {STACK_KEY} = "{DEFAULT_STACK}"'
    return example.replace(default, toml_of({STACK_KEY: stack}).strip(), 1)


def with_database(text: str, name: str, secret_arn: str) -> str:
    """The settings with one more database.

    Args:
        text: valid TOML. In the text of lifeboat.example.toml the example database is replaced.
        name: of the database.
        secret_arn: of its secret.

    Raises:
        SettingsError: the text is written in a way that can't be changed by a program.
    """
    old = tomllib.loads(text)
    wanted = deepcopy(old)
    known: list[dict[str, Any]] = wanted.setdefault(_DATABASES, [])
    new = {"name": name, "secret_arn": secret_arn}
    if len(known) == 1 and _is_example(known[0]):
        known[0].update(new)
        changed = text
        for key, value in new.items():
            changed = _assigned(changed, _DATABASES, key, value)
        return _checked(changed, wanted)
    known.append(new)
    lines = text.splitlines()
    at = _end_of_databases(lines)
    block = ["[[databases]]", *toml_of(new).splitlines(), ""]
    before, after = lines[:at], lines[at:]
    while before and not before[-1].strip():
        before.pop()
    return _checked("\n".join([*before, *([""] if before else []), *block, *after]) + "\n", wanted)


def without_database(text: str, name: str) -> str:
    """The settings without a database.

    Raises:
        SettingsError: the text is written in a way that can't be changed by a program.
    """
    wanted = tomllib.loads(text)
    names = [each.get("name") for each in wanted[_DATABASES]]
    index = names.index(name)
    del wanted[_DATABASES][index]
    lines = text.splitlines()
    begins = [at for at, path in _headings(lines) if path == ("[[", _DATABASES)]
    if len(begins) != len(names):
        raise _by_hand()
    start = begins[index]
    end = next(
        (
            at
            for at, (_, path) in _headings(lines)
            if (at > start and not _is_below(path)) or (at > start and at in begins)
        ),
        len(lines),
    )
    end = _without_trailing_comments(lines, start, end)
    return _checked("\n".join([*lines[:start], *lines[end:]]) + "\n", wanted)


def with_value(text: str, table: str, key: str, value: object) -> str:
    """The settings with another value of a key, such as `alerts`, `emails`.

    A commented default of that key, as lifeboat.example.toml has it, gives way to the value.

    Raises:
        SettingsError: the text is written in a way that can't be changed by a program.
    """
    wanted = tomllib.loads(text)
    wanted.setdefault(table, {})[key] = value
    return _checked(_assigned(text, table, key, value), wanted)


def _assigned(text: str, table: str, key: str, value: object) -> str:
    """Put `key = value` below the heading of the table; make the heading if there is none."""
    lines = text.splitlines()
    line = toml_of({key: value}).strip()
    heads = [(at, path) for at, (_, path) in _headings(lines)]
    start = next((at for at, path in heads if path == table), None)
    if start is None:
        return "\n".join([*lines, "", f"[{table}]", line]) + "\n"
    end = next((at for at, _ in heads if at > start), len(lines))
    for pattern in (rf"[ \t]*{re.escape(key)}[ \t]*=", rf"# {re.escape(key)} ="):
        for at in range(start + 1, end):
            if re.match(pattern, lines[at]):
                last = at + (_length(lines[at:end]) if not lines[at].startswith("#") else 1)
                return "\n".join([*lines[:at], line, *lines[last:]]) + "\n"
    return "\n".join([*lines[: start + 1], line, *lines[start + 1 :]]) + "\n"


def _length(lines: Sequence[str]) -> int:
    """How many lines an assignment takes: the fewest that are TOML."""
    for count in range(1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        return count
    raise _by_hand()


def _headings(lines: Sequence[str]) -> list[tuple[int, tuple[str, str]]]:
    """Where tables begin: the line, the kind of bracket, and the table's path."""
    found = ((at, _HEADING.fullmatch(line)) for at, line in enumerate(lines))
    return [(at, (match[1], match[2])) for at, match in found if match]


def _end_of_databases(lines: Sequence[str]) -> int:
    """Where one more [[databases]] belongs: behind the last one, with all that is below it."""
    heads = _headings(lines)
    inside = [at for at, (_, path) in heads if _is_below(path)]
    if not inside:
        return len(lines)
    end = next((at for at, _ in heads if at > inside[-1]), len(lines))
    return _without_trailing_comments(lines, inside[-1], end)


def _without_trailing_comments(lines: Sequence[str], start: int, end: int) -> int:
    """The end of a block without comments that introduce the next one."""
    if end == len(lines):
        return end
    while end - 1 > start and lines[end - 1].startswith("#"):
        end -= 1
    return end


def _is_below(path: str) -> bool:
    return path == _DATABASES or path.startswith(f"{_DATABASES}.")


def _is_example(database: Mapping[str, object]) -> bool:
    return ":REGION:ACCOUNT:" in str(database.get("secret_arn"))


def _checked(text: str, wanted: Mapping[str, object]) -> str:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = None
    if found != wanted:
        raise _by_hand()
    return text


def _by_hand() -> SettingsError:
    return SettingsError(
        "The settings are written in a way that can't be changed by a program.",
        todo="Change them with an editor: docs/settings.md. Then: lifeboat deploy",
    )
