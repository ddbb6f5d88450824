"""TOML as a person would write it, of what the settings are made of.

The standard library reads TOML and writes none. Settings are tables of text, numbers, switches,
lists and tables; tests/unit/infra/test_toml_text.py reads back what is written here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_of(settings: Mapping[str, object]) -> str:
    """The settings as TOML: `tomllib.loads` gives the same again.

    What is None is left out, since TOML has no null.

    Args:
        settings: str, bool, int, finite float, lists of these, mappings, lists of mappings.

    Raises:
        TypeError: there is something else in it.
    """
    return "\n".join(_lines(settings, ())).strip() + "\n"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    """Single values first: what stands below a table's heading belongs to that table."""
    there = {key: value for key, value in table.items() if value is not None}
    for key, value in there.items():
        if not _is_table(value) and not _is_list_of_tables(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in there.items():
        inner = (*path, key)
        heading = ".".join(map(_key, inner))
        if isinstance(value, Mapping):
            yield from ("", f"[{heading}]", *_lines(value, inner))
        elif isinstance(value, Sequence) and _is_list_of_tables(value):
            for each in value:
                yield from ("", f"[[{heading}]]", *_lines(each, inner))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_table, value))


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} is none of what settings are made of")


def _text(text: str) -> str:
    """A basic string. It is that of JSON, but that TOML wants DEL escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
