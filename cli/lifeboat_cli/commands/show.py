"""`lifeboat show`: one backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import call
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import backup_id, without_none
from lifeboat_cli.tables import table
from lifeboat_cli.text import minute, plural, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer


@declared()
@click.argument("database")
@click.argument("backup", default="latest")
def show(context: Context, database: str, backup: str) -> None:
    """Show a backup and its tables.

    BACKUP is an id from `lifeboat backups`; by default it is the newest. --json prints the
    function's list of tables.
    """
    event = without_none(action="tables", database=database, backup=backup_id(database, backup))
    tables = call(context, "restore", None, event)
    if context.options.json:
        context.show_json(tables)
        return
    about = _listed(context, database, tables["backup"])
    for line in _about(about, tables["backup"]):
        context.show(line)
    context.show("")
    context.show(table(("TABLE", "ROWS"), map(_cells, tables["tables"]), right="ROWS"))


command = show


def _listed(context: Context, database: str, backup: str) -> Answer:
    """What the list says of a backup; it has a hundred a page."""
    page: Answer | None = {"action": "list", "database": database}
    while page:
        answer = call(context, "restore", None, page)
        for each in answer["backups"]:
            if each["backup"] == backup:
                found: Answer = each
                return found
        page = answer["next_page"]
    raise CommandError(
        f"The backup {backup} is not in the list any more.",
        safe="Nothing was changed.",
        next_step=f"lifeboat backups {database}",
        code=ExitCode.FAILED,
    )


def _about(backup: Answer, name: str) -> Iterator[str]:
    yield name
    yield f"  data as of  {minute(backup['data_as_of'])} UTC, PostgreSQL {backup['postgres_major']}"
    yield f"  has         {plural(backup['tables'], 'table')}, {plural(backup['rows'], 'row')}"
    yield f"  archive     {size(backup['archive_bytes'])}"
    if backup["label"]:
        yield f"  label       {backup['label']}"
    if backup["drill_verdict"]:
        yield f"  drill       {backup['drill_verdict']}, {minute(backup['drilled_at'])} UTC"
    else:
        yield "  drill       none lately"
    yield f"  storage     {'available' if backup['available'] else backup['storage_state']}"
    expires = backup["expires_at"]
    yield f"  kept until  {minute(expires) if expires else 'you delete it'}"


def _cells(each: Answer) -> tuple[str, str]:
    return each["table"], "left out" if each["data_excluded"] else f"{each['rows']:,}"
