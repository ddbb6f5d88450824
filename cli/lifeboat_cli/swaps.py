"""What `swap` and `undo` share: two databases change their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.advice import as_commands
from lifeboat_cli.conversation import Consent, agreed
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import Answer, call
from lifeboat_cli.restore_events import as_of, target_option
from lifeboat_cli.text import plural, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lifeboat_cli.context import Context

_MAX_CLIENTS = 10


def swap_names(context: Context, event: Mapping[str, object], consent: Consent) -> ExitCode:
    """Show the plan of a swap, have the live database's name typed, and swap.

    Args:
        context: of the command.
        event: asks for the plan.
        consent: what the person has agreed to by options.

    Raises:
        CommandError: something stands in the way, the person declined, or the swap failed.
    """
    plan = call(context, "restore", None, event)
    go = agreed(context, plan, _plan_lines(plan), consent, "Swap?")
    if go is None:
        return ExitCode.DONE
    answer = call(context, "restore", None, go)
    if context.options.json:
        context.show_json(answer)
    else:
        context.show(*_result_lines(answer, target_option(event.get("target"))))
    return ExitCode.DONE


def _plan_lines(plan: Answer) -> Iterator[str]:
    yield f"On {plan['server']}:"
    if previous := plan["previous_database"]:
        yield f"  {_name(plan['live_database'])} -> {_name(previous)}  (kept)"
    yield f"  {_name(plan['restored_database'])} -> {_name(plan['live_database'])}"
    if plan["backup"]:
        yield f"  It is {plan['verdict']}: {as_of(plan)}, from {plan['backup']}."
    yield from _client_lines(plan["clients"])
    for warning in plan["warnings"]:
        yield f"  ! {as_commands(warning)}"


def _client_lines(clients: list[Answer]) -> Iterator[str]:
    if not clients:
        yield "  Nobody is connected."
        return
    number = plural(sum(each["sessions"] for each in clients), "session")
    yield f"  {number} will be disconnected:"
    for each in clients[:_MAX_CLIENTS]:
        role = f" as {_name(each['role'])}" if each["role"] else ""
        address = f" from {_name(each['address'])}" if each["address"] else ""
        yield f"    {each['sessions']:>3}  {_name(each['application'] or 'unnamed')}{role}{address}"
    if len(clients) > _MAX_CLIENTS:
        yield f"    and those of {plural(len(clients) - _MAX_CLIENTS, 'other')}"


def _result_lines(answer: Answer, target: str) -> Iterator[str]:
    seconds = answer["seconds"]
    took = f" in {seconds * 1000:.0f} ms" if seconds is not None else ""
    for each in answer["swapped"]:
        yield f"{_name(each['from'])} -> {_name(each['to'])}"
    yield f"Swapped{took}. Applications may connect again."
    for note in answer["notes"]:
        yield f"  note: {as_commands(note)}"
    if answer["previous_database"]:
        yield f"Go back:     lifeboat undo {answer['database']}{target}"
        yield f"Days later:  lifeboat cleanup {answer['database']}{target}"


def _name(text: object) -> str:
    return safe_line(text)
