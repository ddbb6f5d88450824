"""What backups, drills and restores answer, for people, and the exit code that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.by_neon import FUNCTION, show_neon_result
from lifeboat_cli.commands.restore import show_result
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.text import duration, plural, safe_line, size

if TYPE_CHECKING:
    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer

_BY_VERDICT = {"proven": ExitCode.DONE, "partial": ExitCode.PARTIAL}


def show_answer(context: Context, job: str, answer: Answer) -> ExitCode:
    """Print the answer, as JSON if that was asked for; returns the exit code.

    Args:
        context: of the command.
        job: backup, drill, restore or neon-restore.
        answer: of that function.
    """
    if job == FUNCTION:
        return show_neon_result(context, answer)
    if context.options.json:
        context.show_json(answer)
    elif job == "backup":
        _show_backup(context, answer)
    elif job == "drill":
        _show_drill(context, answer)
    else:
        show_result(context, answer, (answer["next_event"] or {}).get("target"))
    if "verdict" in answer:
        return _BY_VERDICT.get(answer["verdict"], ExitCode.FAILED)
    return ExitCode.DONE


def _show_backup(context: Context, answer: Answer) -> None:
    there_already = "" if answer["created"] else "  (it was there already)"
    context.show(
        f"{answer['backup']}  {plural(answer['tables'], 'table')},"
        f" {plural(answer['rows'], 'row')}, {size(answer['archive_bytes'])},"
        f" {duration(answer['seconds'])}{there_already}"
    )
    for note in answer["notes"]:
        context.say(f"note: {safe_line(note)}")
    for warning in answer["warnings"]:
        context.say(f"warning: {safe_line(warning)}", style="yellow")


def _show_drill(context: Context, answer: Answer) -> None:
    context.show(
        f"{answer['verdict']}  {answer['backup']}  {plural(answer['rows'], 'row')} compared,"
        f" {duration(answer['seconds'])} of {answer['rto_seconds'] // 60} min"
    )
    for reason in answer["reasons"]:
        context.show(f"  {safe_line(reason)}")
    if answer["advice"]:
        context.show(f"  Next: {safe_line(answer['advice'])}")
    context.say(f"Report: lifeboat open {answer['database']}")
