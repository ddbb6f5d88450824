"""A plan, one question, and then the event that the plan itself proposes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifeboat_cli.advice import as_commands
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.text import folded, safe, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer

_SAFE = "Nothing was changed."


@dataclass(frozen=True)
class Consent:
    """How a person agrees.

    Attributes:
        plan_only: show the plan, and do nothing.
        yes: agree to whatever needs no name.
        confirm: the live database's name, from whoever can't be asked.
    """

    plan_only: bool = False
    yes: bool = False
    confirm: str | None = None


def agreed(  # each has another meaning
    context: Context,
    plan: Answer,
    lines: Iterable[str],
    consent: Consent,
    question: str,
    *,
    named: str = "live database",
) -> dict[str, Any] | None:
    """Show the plan, and ask; the event to send, or None if only the plan was wanted.

    What changes something live has its name in the plan's event, and that name has to be typed: a
    habit of answering "y" is not enough.

    Args:
        context: of the command.
        plan: the function's answer.
        lines: the plan in words.
        consent: what the person has agreed to by options.
        question: to be answered with y or n.
        named: what has the name that has to be typed.

    Raises:
        CommandError: something stands in the way, or the person declined.
    """
    blockers = list(plan["blockers"])
    asks = not (consent.plan_only or consent.yes or consent.confirm or blockers)
    _show(context, lines, result=consent.plan_only, anyway=asks)
    if context.options.json and (consent.plan_only or blockers):
        context.show_json(plan)
    if blockers:
        raise _blocked(context, blockers)
    if consent.plan_only:
        return None
    event: dict[str, Any] = plan["next_event"]
    if live := event.get("confirm"):
        _require_name(str(live), consent, named)
    elif not consent.yes and _answer(f"{question} [y/N] ").lower() not in {"y", "yes"}:
        raise _declined("You declined.")
    return event


def _show(context: Context, lines: Iterable[str], *, result: bool, anyway: bool) -> None:
    """Print the plan: as the result, or on the way to it."""
    if result and not context.options.json:
        context.show(*lines)
    elif anyway or not context.options.quiet:
        for line in lines:
            context.err.print(folded(safe(line), context.err.width), soft_wrap=True)


def _blocked(context: Context, blockers: list[str]) -> CommandError:
    for blocker in blockers:
        text = f"blocked: {safe_line(as_commands(blocker))}"
        context.err.print(folded(text, context.err.width), style="bold red", soft_wrap=True)
    return CommandError(
        "It can't be done like this: see what is blocked above.",
        safe=_SAFE,
        next_step="Do what is said there, and repeat the command.",
    )


def typed(consent: Consent, prompt: str) -> str:
    """A name that the person has given by an option, or types now.

    Args:
        consent: with the option.
        prompt: what to ask.

    Raises:
        CommandError: nobody is there to answer.
    """
    return _answer(prompt) if consent.confirm is None else consent.confirm


def _require_name(live: str, consent: Consent, named: str) -> None:
    if consent.confirm is None and consent.yes:
        raise CommandError(
            f"This changes the {named} {safe_line(live)}; --yes is not enough for that.",
            safe=_SAFE,
            next_step=f"Repeat it with --confirm {safe_line(live)} in place of --yes.",
            code=ExitCode.USAGE,
        )
    said = typed(consent, f"Type the {named}'s name ({safe_line(live)}) to go on: ")
    if said != live:
        raise _declined(f"{safe_line(said)!r} is not the {named}'s name.")


def _answer(prompt: str) -> str:
    """What the person types; the question goes to standard error.

    Raises:
        CommandError: nobody is there to answer.
    """
    sys.stderr.write(prompt)
    sys.stderr.flush()
    said = sys.stdin.readline()
    if not said:
        sys.stderr.write("\n")
        raise CommandError(
            "Nobody answered the question.",
            safe=_SAFE,
            next_step="Agree by an option: --yes, or --confirm NAME where a name is asked for."
            " --plan shows the plan alone.",
            code=ExitCode.USAGE,
        )
    return said.strip()


def _declined(why: str) -> CommandError:
    return CommandError(
        why, safe=_SAFE, next_step="Repeat the command to see the plan again.", code=ExitCode.USAGE
    )
