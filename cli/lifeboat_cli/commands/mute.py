"""`lifeboat mute`: notify nobody of a finding for some time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.options import command as declared
from lifeboat_cli.silences import silence

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@click.argument("database")
@click.argument("code")
@click.argument("hours", type=int, default=24)
def mute(context: Context, database: str, code: str, hours: int) -> None:
    """Notify nobody of a finding for some hours. It still counts as not safe.

    DATABASE is `-` for findings about the bucket; CODE is what `lifeboat status` names.
    """
    silence(context, {"action": "mute", "database": database, "code": code, "hours": hours})


command = mute
