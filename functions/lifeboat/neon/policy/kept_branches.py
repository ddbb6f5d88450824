"""Branches that keep what was live before a restore, told by their names."""

import re

KEPT_BY_LIFEBOAT = re.compile(r"(?s)(.*)_before_lifeboat_[0-9]{8}t[0-9]{6}z")
_KEPT_BY_NEON = re.compile(r"(?s).+_old_.+")
"""https://neon.com/docs/guides/branch-restore: main becomes main_old_ and a time."""


def is_kept(name: str) -> bool:
    """Whether a restore gives such a name to what was live before, be it Lifeboat's or Neon's."""
    return bool(KEPT_BY_LIFEBOAT.fullmatch(name) or _KEPT_BY_NEON.fullmatch(name))
