"""SQL names as PostgreSQL writes them: quoted if necessary, qualified by a dot."""

import re

_PART = re.compile(r'(?:U&)?"(?:[^"]|"")+"|[^".]+')
_ESCAPED = re.compile(r"\\(?:\\|([0-9A-F]{4})|\+([0-9A-F]{6}))")
_MAX_SHORT = 0xFFFF

_UNQUOTED = r"[a-z_][a-z0-9_$]*"
_PLAIN = re.compile(_UNQUOTED)

IDENTIFIER = rf'(?:{_UNQUOTED}|"(?:[^"\x00]|"")+")'
"""A regular expression for a name in SQL, quoted if necessary, without escapes."""

type TableName = tuple[str, str]
"""Schema and name of a table, or of a sequence (to PostgreSQL a table of one row), unquoted."""


def unquoted(identifier: str) -> str:
    """The name behind an identifier: without quotes, doubled quotes or escapes."""
    if identifier.startswith('U&"'):
        return _ESCAPED.sub(_resolved, unquoted(identifier[2:]))
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier


def split_qualified(text: str) -> TableName:
    """Schema and name of `schema.name`, either of them quoted or not.

    Raises:
        ValueError: the text is not two identifiers with a dot between them.
    """
    parts = _PART.findall(text)
    if ".".join(parts) != text or len(parts) != 2:  # noqa: PLR2004  # schema and name
        raise ValueError(f"not a qualified name: {text!r}")
    schema, name = parts
    return unquoted(schema), unquoted(name)


def quoted(name: str) -> str:
    r"""The name as psql shows it: in quotes if necessary.

    A name may contain line ends or control characters, with which its author could forge what
    people read. They are escaped in PostgreSQL's own way, so that the statement still runs:
    `U&"a\000Ab"`. Names from an archive may contain bytes that are not text; these are escaped too.

    https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    """
    text = name.encode(errors="backslashreplace").decode()
    if _PLAIN.fullmatch(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if text.isprintable() else f'U&"{"".join(map(_escaped, doubled))}"'


def qualified(schema: str, name: str) -> str:
    """Schema and name with a dot between them, quoted if necessary."""
    return f"{quoted(schema)}.{quoted(name)}"


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    return f"\\{ord(char):04X}" if ord(char) <= _MAX_SHORT else f"\\+{ord(char):06X}"


def _resolved(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else "\\"
