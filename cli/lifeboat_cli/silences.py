"""Sends what mutes or acknowledges findings, and shows what is muted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.invoke import call
from lifeboat_cli.tables import table
from lifeboat_cli.text import minute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifeboat_cli.context import Context


def silence(context: Context, event: Mapping[str, object]) -> None:
    """Send the event to the monitor, and show its answer.

    Args:
        context: of the command.
        event: mute, unmute or ack.

    Raises:
        CommandError: the monitor refused it.
    """
    answer = call(context, "monitor", None, event)
    if context.options.json:
        context.show_json(answer)
        return
    whose = answer["database"] or "the bucket"
    context.show(f"{answer['action']}: {answer['code']} of {whose}")
    muted = [
        (each["database"] or "the bucket", each["code"], minute(each["until"]))
        for each in answer["muted"]
    ]
    if muted:
        context.show(table(("DATABASE", "MUTED", "UNTIL (UTC)"), muted))
    else:
        context.show("Nothing is muted.")
