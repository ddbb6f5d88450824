"""SQL names as PostgreSQL writes them: quoted where it must be, qualified by a dot."""

import re

_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')


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
