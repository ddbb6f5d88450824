"""`lifeboat backup`: take a backup now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import follow
from lifeboat_cli.answers import show_answer
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import without_none

if TYPE_CHECKING:
    from lifeboat_cli.context import Context
    from lifeboat_cli.exit_codes import ExitCode


@declared()
@click.argument("database")
@click.option("--label", metavar="TEXT", help="What to call it, such as before-migration-42.")
@click.option(
    "--tier", metavar="NAME", help="daily, weekly or monthly: in place of one that was missed."
)
def backup(context: Context, database: str, label: str | None, tier: str | None) -> ExitCode:
    """Take a backup now, and wait for it.

    The exit code is 0 only when the backup exists: `lifeboat backup app && migrate` is safe.
    """
    event = without_none(database=database, label=label, tier=tier)
    answer = follow.run(context, "backup", database, event, doing=f"Backing up {database}")
    return show_answer(context, "backup", answer)


command = backup
