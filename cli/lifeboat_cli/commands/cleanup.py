"""`lifeboat cleanup`: what restores and swaps have left on the server, and how to drop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.invoke import Answer, call
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import psql_command, without_none
from lifeboat_cli.tables import table
from lifeboat_cli.text import NONE, minute, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from lifeboat_cli.context import Context

_USUAL_NAME = 40
"""Characters of a name that leave room for the other columns."""

_HEADINGS = ("DATABASE", "WHAT", "DATA AS OF", "SIZE", "SESSIONS")


@declared()
@click.argument("database")
@click.option("--target", metavar="NAME", help="Secret of the server, such as lifeboat/admin.")
def cleanup(context: Context, *, database: str, target: str | None) -> None:
    """List what restores and swaps have left on the server.

    It prints the statements that drop it. Lifeboat itself drops no database: run a statement only
    when you are sure that nobody needs that database any more.
    """
    event = without_none(action="databases", database=database, target=target)
    answer = call(context, "restore", None, event)
    left = answer["databases"]
    if context.options.json:
        context.show_json(answer)
    elif not left:
        context.show(f"Nothing is left on {answer['server']} beside {answer['live_database']}.")
    else:
        context.show(
            listing(left),
            "",
            "To drop one of them, which nobody can undo, run its statement in",
            f"  {psql_command(answer['server'], 'postgres')}",
            *(f"  {each['drop_sql']}" for each in left),
        )


command = cleanup


def listing(left: Sequence[Answer]) -> Table:
    """The table of databases; 80 columns have room for names of a usual length on one line.

    Args:
        left: databases, as the function answers them.
    """
    usual = all(len(each["name"]) <= _USUAL_NAME for each in left)
    whole = "DATABASE" if usual else ""
    return table(_HEADINGS, map(_cells, left), right="SIZE SESSIONS", whole=whole)


def _cells(each: Answer) -> tuple[str, ...]:
    what = each["kind"] if each["complete"] else "unfinished"
    moment = each["data_as_of"] or (each["created_at"] if each["kind"] == "previous" else None)
    return (
        each["name"],
        f"{what}, {each['verdict']}" if each["verdict"] else what,
        f"{minute(moment)} UTC" if moment else NONE,
        size(each["bytes"]),
        str(each["sessions"]),
    )
