"""What the options of restores become in events, and words that their commands share."""

from __future__ import annotations

import shlex
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from lifeboat_cli.advice import as_commands
from lifeboat_cli.moments import FORMS, for_event, parse_moment, said_back
from lifeboat_cli.text import age, minute, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer

_SLASHES_OF_AN_ID = 2


def backup_id(database: str, text: str | None) -> str | None:
    """The id as events take it: the database's name may be left out, daily/2026-11-22T020000Z."""
    if text is None or text == "latest":
        return None
    tier, slash, rest = text.partition("/")
    if not slash or text.count("/") >= _SLASHES_OF_AN_ID:
        return text
    return f"{tier}/{database}/{rest}"


def table_names(tables: Sequence[str]) -> list[str] | None:
    """The names with their schema; without one it is `public`."""
    return [name if "." in name else f"public.{name}" for name in tables] or None


def moment_before(
    context: Context, text: str | None, what: str = "The newest backup"
) -> str | None:
    """The value of --before as events take it; it is said back with its zone.

    Args:
        context: of the command.
        text: what the person wrote; None if nothing.
        what: is looked for from before it.

    Raises:
        click.BadParameter: it is no moment, or one to come.
    """
    if text is None:
        return None
    now = datetime.now(timezone.utc)
    try:
        moment = parse_moment(text, now)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is no moment; it may be {FORMS}.", param_hint="--before"
        ) from None
    if moment > now:
        raise click.BadParameter(f"{said_back(moment)} is in the future.", param_hint="--before")
    context.say(f"{what} from before {said_back(moment)}:")
    return for_event(moment)


def target_option(target: object) -> str:
    """The option of the next command about the same server; empty if the person gave none."""
    return f" --target {shlex.quote(str(target))}" if target else ""


def without_none(**keys: object) -> dict[str, object]:
    """An event: keys with nothing to say are left out."""
    return {key: value for key, value in keys.items() if value is not None and value is not False}


def plan_lines(plan: Answer, heading: str) -> Iterator[str]:
    """A plan in words: what, how long, the steps, and what to know before.

    Args:
        plan: the function's answer.
        heading: what is done, such as "Restore".
    """
    yield f"{heading} {plan['backup']}, {as_of(plan)}"
    minutes = plan["estimated_minutes"]
    if minutes is not None:
        yield f"  takes   about {minutes} min"
    for step in plan["steps"]:
        yield f"  - {step}"
    for warning in plan["warnings"]:
        yield f"  ! {as_commands(warning)}"
    for skipped in plan["skipped"]:
        yield f"  ! {skipped['backup']} was skipped: {skipped['reason']}"


def as_of(answer: Answer) -> str:
    """The moment whose data it has, and how long ago that is."""
    moment = answer["data_as_of"]
    ago = age(datetime.now(timezone.utc) - parse_time(moment))
    return f"data as of {minute(moment)} UTC ({ago} ago)"


def psql_command(server: str, database: str) -> str:
    """Opens a database of that server; the user and the password are the person's own."""
    host, _, port = server.rpartition(":")
    keys = {"host": host, "port": port, "dbname": database}
    return f"psql {shlex.quote(' '.join(f'{key}={_value(text)}' for key, text in keys.items()))}"


def _value(text: str) -> str:
    """A value of a connection string of libpq."""
    if text.isascii() and text.replace("_", "").replace("-", "").replace(".", "").isalnum():
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
