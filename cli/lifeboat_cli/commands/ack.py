"""`lifeboat ack`: say that you know of a finding."""

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
def ack(context: Context, database: str, code: str) -> None:
    """Say that you know of a finding, so nobody is reminded daily.

    DATABASE is `-` for findings about the bucket; CODE is what `lifeboat status` names.
    """
    silence(context, {"action": "ack", "database": database, "code": code})


command = ack
