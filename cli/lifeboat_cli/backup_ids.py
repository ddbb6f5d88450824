"""Ids of backups, short as the command line shows them."""

from __future__ import annotations


def short_id(backup: str) -> str:
    """daily/app/2026-11-22T020000Z without the database, which the person has typed.

    `restore_events.backup_id` makes it a full one again.
    """
    tier, _, rest = backup.partition("/")
    _, _, moment = rest.partition("/")
    return f"{tier}/{moment}" if moment else backup
