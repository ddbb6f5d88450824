"""`lifeboat evidence`: what auditors ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.invoke import call
from lifeboat_cli.options import command as declared
from lifeboat_cli.tables import table
from lifeboat_cli.text import minute

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@click.option("--since", metavar="DAY", help="The first day, such as 2026-01-01; else a year ago.")
def evidence(context: Context, since: str | None) -> None:
    """Backups, drills and findings of a period, as recorded. With --json everything is in it."""
    event = {"action": "evidence", **({"since": since} if since else {})}
    answer = call(context, "monitor", None, event)
    if context.options.json:
        context.show_json(answer)
        return
    rows = [
        (
            month["month"],
            database["name"],
            str(len(database["due"])),
            str(len(database["backups"])),
            str(len(database["missed"])),
            ", ".join(each["verdict"] for each in database["drills"]) or "none",
        )
        for month in answer["months"]
        for database in month["databases"]
    ]
    context.show(table(("MONTH", "DATABASE", "DUE", "TAKEN", "MISSED", "DRILLS"), rows))
    if answer["unknown_months"]:
        context.show_prose(f"Nothing is known of {', '.join(answer['unknown_months'])}.")
    if answer["recorded_since"]:
        context.show(f"Recorded since {minute(answer['recorded_since'])} UTC.")
    for page in answer["pages"]:
        context.show(page)
    context.show_prose(answer["statement"])


command = evidence
