"""Invokes a function and waits for its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from lifeboat_cli.advice import as_commands
from lifeboat_cli.aws_errors import explained
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lifeboat_cli.context import Context

Answer = dict[str, Any]
"""What a function answers: an object of JSON."""

_INVALID_EVENT = "EventError"
"""What a function calls an event that it refuses."""

_UNKNOWN = "Existing backups are untouched. Whether the run had done something, its log says."


def call(context: Context, job: str, database: str | None, event: Mapping[str, object]) -> Answer:
    """Send an event, and wait for the answer. For what takes less than five minutes.

    With --show-event it prints the event instead, and ends the command.

    Args:
        context: of the command.
        job: backup, drill, restore or monitor.
        database: of the function; None if it has one for all of them.
        event: what to send.

    Raises:
        CommandError: it could not be invoked, or failed.
    """
    if context.options.show_event:
        context.show_event(job, database, event)
        raise click.exceptions.Exit(0)
    name = context.stack.function(job, database)
    try:
        with explained(f"lambda:InvokeFunction on {name}", safe=_UNKNOWN):
            said = context.stack.client("lambda").invoke(
                FunctionName=name, Payload=json.dumps(event)
            )
            payload = json.loads(said["Payload"].read())
    except KeyboardInterrupt:
        if event.get("execute"):
            raise _unwatched(str(event.get("database") or "")) from None
        raise
    if "FunctionError" in said:
        if context.options.json:
            context.show_json(payload)
        raise error_of(payload, name)
    answer: Answer = payload
    return answer


def error_of(payload: Mapping[str, Any], function: str) -> CommandError:
    """The error that a failed function has answered with.

    Args:
        payload: with Lambda's keys; Lambda itself writes it when a function is killed.
        function: its name.
    """
    message = str(payload.get("errorMessage") or "The function failed without a message.")
    what, _, rest = message.partition("\nSafe: ")
    safe, _, next_step = rest.partition("\nNext: ")
    invalid = payload.get("errorType") == _INVALID_EVENT
    if invalid and next_step.startswith("Send "):
        next_step = _usage()
    log = f"Read the function's log: aws logs tail /aws/lambda/{function} --since 1h"
    return CommandError(
        safe_line(what),
        safe=safe_line(safe or _UNKNOWN),
        next_step=safe_line(as_commands(next_step) or log),
        code=ExitCode.USAGE if invalid else ExitCode.FAILED,
    )


def _unwatched(database: str) -> CommandError:
    return CommandError(
        "Stopped waiting; if the function has begun, it goes on.",
        safe=_UNKNOWN,
        next_step=f"lifeboat runs {database}".rstrip() + " says in a minute how it ended.",
        code=ExitCode.INTERRUPTED,
    )


def _usage() -> str:
    """What to do about an event that is wrong in itself; functions advise a right one."""
    found = click.get_current_context(silent=True)
    command = found.info_name if found and found.parent else "COMMAND"
    return f"Correct it: `lifeboat {command} --help` explains what the command takes."
