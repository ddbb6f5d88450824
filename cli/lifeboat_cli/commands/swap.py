"""`lifeboat swap`: put a restored database in the live one's place."""

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
@click.argument("restored_database", required=False)
@click.option("--target", metavar="NAME", help="Secret of the server, as for the restore.")
@click.option("--allow-unverified", is_flag=True, help="Swap in what is not proven.")
@click.option("--plan", is_flag=True, help="Show the plan, and do nothing.")
@click.option("--confirm", metavar="NAME", help="The live database's name, in place of typing it.")
def swap(  # noqa: PLR0913  # click gives options as keywords
    context: Context,
    *,
    database: str,
    restored_database: str | None,
    target: str | None,
    allow_unverified: bool,
    plan: bool,
    confirm: str | None,
) -> ExitCode:
    """Put a restored database, or the newest, in the live one's place.

    It shows who will be disconnected, and wants the live database's name typed. The live database
    is kept under another name; `lifeboat undo` goes back.
    """
    event = without_none(
        action="swap",
        database=database,
        restored_database=restored_database,
        target=target,
        allow_unverified=allow_unverified,
    )
    return swap_names(context, event, Consent(plan_only=plan, confirm=confirm))


command = swap
