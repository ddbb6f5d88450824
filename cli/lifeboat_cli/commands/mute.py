"""`lifeboat mute`: notify nobody of a finding for some time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.options import command as declared
from lifeboat_cli.silences import silence

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


def _hours(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    """Hours as people write them: 24 or 24h."""
    number = text.removesuffix("h")
    if number.isascii() and number.isdigit():
        return int(number)
    raise click.BadParameter(f"{text!r} is no number of hours, such as 24h.")


@declared()
@click.argument("database")
@click.argument("code")
@click.argument("hours", default="24h", callback=_hours)
def mute(context: Context, database: str, code: str, hours: int) -> None:
    """Notify nobody of a finding for some hours. It still counts as not safe.

    DATABASE is `-` for findings about the bucket; CODE is what `lifeboat status` names.
    """
    silence(context, {"action": "mute", "database": database, "code": code, "hours": hours})


command = mute
