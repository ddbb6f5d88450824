"""`lifeboat backup`: take a backup now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import follow, text
from lifeboat_cli.options import command as declared

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@click.argument("database")
@click.option("--label", metavar="TEXT", help="What to call it, such as before-migration-42.")
@click.option("--tier", metavar="NAME", help="Take it in place of a missed one: daily, weekly ...")
def backup(context: Context, database: str, label: str | None, tier: str | None) -> None:
    """Take a backup now, and wait for it.

    The exit code is 0 only when the backup exists: `lifeboat backup app && migrate` is safe.
    """
    asked = {"database": database, "label": label, "tier": tier}
    event = {key: value for key, value in asked.items() if value is not None}
    answer = follow.run(context, "backup", database, event, doing=f"Backing up {database}")
    if context.options.json:
        context.show_json(answer)
        return
    there_already = "" if answer["created"] else "  (it was there already)"
    context.show(
        f"{answer['backup']}  {text.plural(answer['tables'], 'table')},"
        f" {text.plural(answer['rows'], 'row')}, {text.size(answer['archive_bytes'])},"
        f" {text.duration(answer['seconds'])}{there_already}"
    )
    for warning in answer["warnings"]:
        context.say(f"warning: {text.safe_line(warning)}", style="yellow")


command = backup
