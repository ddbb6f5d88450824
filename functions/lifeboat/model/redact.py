"""Removes a secret from text that others wrote, in whichever spelling they wrote it."""

import json
import re
from urllib.parse import quote

MARK = "***"


def without(text: str, secret: str | None) -> str:
    """The text without this secret; unchanged when there is none.

    Spellings are: as it is; percent-encoded, wholly or in part, as in a URL; escaped as in JSON,
    in Python's repr, in a libpq connection string and in SQL literals. A secret of one or two
    letters makes the text hard to read, and is still removed.
    """
    return re.sub("|".join(_spellings(secret)), MARK, text) if secret else text


def _spellings(secret: str) -> list[str]:
    """Patterns, the longest first: a plain spelling must not leave a part of an escaped one."""
    doubled = secret.replace("\\", "\\\\")
    literals = {
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        doubled.replace("'", "\\'"),  # connection string
        doubled.replace("'", "''"),  # E'...'
        secret.replace("'", "''"),  # '...'
    }
    escaped = sorted(literals - {secret}, key=len, reverse=True)
    return [*map(re.escape, escaped), _in_url(secret)]


def _in_url(secret: str) -> str:
    """Each character as it is or percent-encoded, digits of either case; a space also as plus."""
    return "".join(f"(?:{_encoded(char)}|{re.escape(char)})" for char in secret)


def _encoded(char: str) -> str:
    # quote() leaves letters, digits and _.-~ alone, but whoever else encoded them need not have.
    code = quote(char, safe="") if not char.isascii() else f"%{ord(char):02X}"
    return f"(?i:{code})" + (r"|\+" if char == " " else "")
