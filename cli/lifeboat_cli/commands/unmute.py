"""`lifeboat unmute`: notify people of a finding again."""

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
def unmute(context: Context, database: str, code: str) -> None:
    """Notify people of a muted finding again.

    DATABASE is `-` for findings about the bucket; CODE is what `lifeboat status` names.
    """
    silence(context, {"action": "unmute", "database": database, "code": code})


command = unmute
