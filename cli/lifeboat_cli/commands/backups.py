"""`lifeboat backups`: which backups are there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.advice import as_commands
from lifeboat_cli.backup_ids import short_id
from lifeboat_cli.invoke import call
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import moment_before, without_none
from lifeboat_cli.tables import table
from lifeboat_cli.text import NONE, minute, safe_line, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer

_HEADINGS = ("BACKUP", "ROWS", "SIZE", "DRILL", "LABEL", "EXPIRES", "DATA OF (UTC)")
_NARROW_HEADINGS = _HEADINGS[:5]
_ALL_COLUMNS = 100
"""Columns of a terminal from which on there is room for all; `lifeboat show` has the others."""


@declared()
@click.argument("database")
@click.option("--before", metavar="TIME", help="Only those before it: 'yesterday 09:00'.")
@click.option("--all", "everything", is_flag=True, help="Also those after the first hundred.")
def backups(context: Context, database: str, before: str | None, *, everything: bool) -> None:
    """List a database's backups, the newest first.

    The ids are accepted by all commands.
    """
    event = without_none(
        action="list", database=database, before=moment_before(context, before, "Backups")
    )
    answer = call(context, "restore", None, event)
    if context.options.json:
        context.show_json(answer)
        return
    found, page = list(answer["backups"]), answer["next_page"]
    while everything and page:
        more = call(context, "restore", None, page)
        found += more["backups"]
        page = more["next_page"]
    if found:
        context.show(listing(found, context.out.width))
    elif before:
        context.show(
            f"There is no backup of {database} from before. All: lifeboat backups {database}"
        )
    else:
        context.show(f"There is no backup of {database}. Take one: lifeboat backup {database}")
    for each in answer["skipped"]:
        todo = safe_line(as_commands(each["next_step"]))
        context.say(
            f"skipped {each['backup']}: {safe_line(each['reason'])} {todo}",
            style="yellow",
        )
    if page:
        context.say("There are older ones: --all")


command = backups


def listing(found: Sequence[Answer], width: int) -> Table:
    """The table of backups; a narrow terminal gets fewer columns, and no id is ever folded.

    Args:
        found: backups, as the function answers them.
        width: columns of the terminal.
    """
    headings = _HEADINGS if width >= _ALL_COLUMNS else _NARROW_HEADINGS
    rows = (_cells(each)[: len(headings)] for each in found)
    return table(headings, rows, right="ROWS SIZE", whole="BACKUP DRILL EXPIRES")


def _cells(backup: Answer) -> tuple[str, ...]:
    state = "" if backup["available"] else backup["storage_state"]
    return (
        short_id(backup["backup"]),
        f"{backup['rows']:,}",
        size(backup["archive_bytes"]),
        backup["drill_verdict"] or NONE,
        "; ".join(filter(None, (backup["label"], state))),
        (backup["expires_at"] or "never")[:10],
        minute(backup["data_as_of"]),
    )
