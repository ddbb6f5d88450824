"""`lifeboat undo`: swap back what was live before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import by_neon
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
@by_neon.by_option
@by_neon.plan_id_option
@by_neon.without_backup_option
@click.option("--plan", is_flag=True, help="Show the plan, and do nothing.")
@click.option("--confirm", metavar="NAME", help="The live database's name, in place of typing it.")
def undo(  # noqa: PLR0913  # click gives options as keywords
    context: Context,
    *,
    database: str,
    target: str | None,
    by: str | None,
    plan_id: str | None,
    without_backup: bool,
    plan: bool,
    confirm: str | None,
) -> ExitCode:
    """Swap back what was live before the last swap.

    Nothing is lost: what was swapped in is kept under another name. With --by neon it undoes the
    last restore by Neon, for which --confirm is the branch's name.
    """
    consent = Consent(plan_only=plan, confirm=confirm)
    if by:
        if target:
            raise click.UsageError("--by neon knows its server: it takes no --target.")
        return by_neon.restore_by_neon(
            context,
            "undo",
            database,
            plan_id=plan_id,
            without_backup=without_backup,
            consent=consent,
        )
    if plan_id or without_backup:
        raise click.UsageError("--plan-id and --without-backup go with --by neon.")
    event = without_none(action="undo", database=database, target=target)
    return swap_names(context, event, consent)


command = undo
