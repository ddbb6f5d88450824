"""Ids of backups, short as the command line shows them and long as events take them."""

from __future__ import annotations

WORDS = ("latest", "random")
"""What stands for a backup where one is chosen."""


def short_id(backup: str) -> str:
    """daily/app/2026-11-22T020000Z without the database, which the person has typed."""
    tier, _, rest = backup.partition("/")
    _, _, moment = rest.partition("/")
    return f"{tier}/{moment}" if moment else backup


def full_id(database: str, backup: str) -> str:
    """The id for an event: of a short id, of a full one, or a word that the function knows.

    Args:
        database: whose backup it is.
        backup: as the person typed it.
    """
    parts = backup.strip("/").split("/")
    if len(parts) == len(("tier", "moment")) and backup not in WORDS:
        return f"{parts[0]}/{database}/{parts[1]}"
    return backup.strip("/")
