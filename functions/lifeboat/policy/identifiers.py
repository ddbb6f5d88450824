"""SQL names as PostgreSQL writes them: quoted where it must be, qualified by a dot."""

import re

_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def unquoted(identifier: str) -> str:
    """The name that an identifier means: quotes off, doubled quotes single."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier


def split_qualified(text: str) -> tuple[str, str]:
    """Schema and name of `schema.name`, either of them quoted or not.

    Raises:
        ValueError: the text isn't two identifiers with a dot between.
    """
    parts = _PART.findall(text)
    if ".".join(parts) != text or len(parts) != 2:  # noqa: PLR2004  # schema and name
        raise ValueError(f"not a qualified name: {text!r}")
    schema, name = parts
    return unquoted(schema), unquoted(name)


def quoted(name: str) -> str:
    """The name as people know it from psql: in quotes where it has to be.

    Names that came out of an archive may hold bytes that are no text; they are shown escaped.
    """
    text = name.encode(errors="backslashreplace").decode()
    return text if _PLAIN.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """Schema and name with a dot between, quoted where it has to be."""
    return f"{quoted(schema)}.{quoted(name)}"
