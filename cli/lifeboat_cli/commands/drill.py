"""`lifeboat drill`: restore a backup for trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import follow
from lifeboat_cli.answers import show_answer
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import backup_id, without_none

if TYPE_CHECKING:
    from lifeboat_cli.context import Context
    from lifeboat_cli.exit_codes import ExitCode


@declared()
@click.argument("database")
@click.argument("backup", required=False)
@click.option(
    "--target",
    metavar="TARGET",
    help="Restore there: embedded, neon-branch, or the name of a server's secret. Default: as the"
    " settings say.",
)
def drill(context: Context, database: str, backup: str | None, target: str | None) -> ExitCode:
    """Restore a backup for trial, compare everything, and time it.

    BACKUP is an id from `lifeboat backups`, `latest` (the default) or `random`. Exit code 0:
    proven, 3: a part could not be tested, 1: failed.
    """
    event = without_none(database=database, backup=backup_id(database, backup), target=target)
    answer = follow.run(context, "drill", database, event, doing=f"Testing a backup of {database}")
    return show_answer(context, "drill", answer)


command = drill
