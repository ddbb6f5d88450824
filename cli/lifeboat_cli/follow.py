"""Starts a run and follows it to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.invoke import Answer, call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifeboat_cli.context import Context


def run(
    context: Context,
    job: str,
    database: str | None,
    event: Mapping[str, object],
    *,
    doing: str,
) -> Answer:
    """Start a run, show its progress, and return its answer.

    Args:
        context: of the command.
        job: backup, drill or restore.
        database: of the function; None if it has one for all of them.
        event: what to send.
        doing: what people read meanwhile, such as "Backing up app".

    Raises:
        CommandError: it could not be started, failed, or is still running.
    """
    if not context.options.show_event:
        context.say(doing)
    return call(context, job, database, event)
