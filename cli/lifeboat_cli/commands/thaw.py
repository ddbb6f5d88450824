"""`lifeboat thaw`: retrieve an archived backup from Glacier or Deep Archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.conversation import Consent, agreed
from lifeboat_cli.invoke import Answer, call
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import backup_id, plan_lines, without_none
from lifeboat_cli.text import minute

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@click.argument("database")
@click.argument("backup")
@click.option("--plan", is_flag=True, help="Show hours and cost, and do nothing.")
@click.option("--yes", "-y", is_flag=True, help="Don't ask.")
def thaw(context: Context, *, database: str, backup: str, plan: bool, yes: bool) -> None:
    """Retrieve an archived backup, which takes hours and costs money.

    The plan says how long and how much. The alerts' topic is notified when it can be restored.
    """
    event = without_none(action="thaw", database=database, backup=backup_id(database, backup))
    answer = call(context, "restore", None, event)
    if "blockers" in answer:  # a plan: it is archived, and nobody has asked for it yet
        lines = plan_lines(answer, "Thaw")
        consent = Consent(plan_only=plan, yes=yes)
        go = agreed(context, answer, lines, consent, "That costs money. Go on?")
        if go is None:
            return
        answer = call(context, "restore", None, go)
    if context.options.json:
        context.show_json(answer)
    else:
        _show(context, answer)


command = thaw


def _show(context: Context, answer: Answer) -> None:
    context.show(f"{answer['backup']}: {answer['storage_state']}")
    for note in answer["notes"]:
        context.show(f"  {note}")
    restore = f"lifeboat restore {answer['database']} {answer['backup']}"
    if answer["available"]:
        context.show(f"Restore it:  {restore}")
    elif answer["retry_after"]:
        context.show(f"At {minute(answer['retry_after'])} UTC at the latest:  {restore}")
