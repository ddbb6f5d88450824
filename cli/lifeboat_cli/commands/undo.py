"""`lifeboat undo`: swap back what was live before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.conversation import Consent
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import without_none
from lifeboat_cli.swaps import swap_names

if TYPE_CHECKING:
    from lifeboat_cli.context import Context
    from lifeboat_cli.exit_codes import ExitCode


@declared()
@click.argument("database")
@click.option("--target", metavar="NAME", help="Secret of the server, as for the swap.")
@click.option("--plan", is_flag=True, help="Show the plan, and do nothing.")
@click.option("--confirm", metavar="NAME", help="The live database's name, in place of typing it.")
def undo(
    context: Context, *, database: str, target: str | None, plan: bool, confirm: str | None
) -> ExitCode:
    """Swap back what was live before the last swap.

    Nothing is lost: what was swapped in is kept under another name.
    """
    event = without_none(action="undo", database=database, target=target)
    return swap_names(context, event, Consent(plan_only=plan, confirm=confirm))


command = undo
