"""Restores by Neon: the plan, the question, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import click

from lifeboat_cli import follow
from lifeboat_cli.conversation import Consent, agreed, typed
from lifeboat_cli.errors import NOTHING_SENT, CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.moments import FORMS, for_event, parse_moment, said_back
from lifeboat_cli.restore_events import without_none
from lifeboat_cli.text import age, duration, minute, parse_time, plural, safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifeboat_cli.context import Context
    from lifeboat_cli.invoke import Answer

FUNCTION = "neon-restore"
_OUTPUT = "NeonRestoreInvokePolicy"
"""Of a stack that has the function."""

_MAX_LINES = 20
"""Differences of a kind that are printed for each database."""

by_option = click.option(
    "--by", type=click.Choice(["neon"]), help="Let Neon throw its whole branch back."
)
snapshot_option = click.option(
    "--snapshot",
    metavar="NAME",
    help="With --by neon: the snapshot to go back to, by its name or id.",
)
plan_id_option = click.option(
    "--plan-id", metavar="ID", help="With --by neon: go on with this plan."
)
without_backup_option = click.option(
    "--without-backup", is_flag=True, help="With --by neon: no backup to S3 first."
)


def restore_by_neon(  # noqa: PLR0913  # each by its name
    context: Context,
    action: str,
    database: str,
    *,
    at: str | None = None,
    snapshot: str | None = None,
    plan_id: str | None,
    without_backup: bool,
    consent: Consent,
) -> ExitCode:
    """Show what a restore by Neon, or its undo, would change; ask, and carry it out.

    Args:
        context: of the command.
        action: restore or undo.
        database: its name in the settings.
        at: the moment as the person wrote it.
        snapshot: name or id of the snapshot to go back to, in the place of a moment.
        plan_id: of a plan to go on with; its branch's name is asked for, and no plan is made.
        without_backup: whether the person does without a backup.
        consent: what the person has agreed to by options.

    Raises:
        click.UsageError: the options don't go together.
        CommandError: it was refused, failed or is not done yet, or the person declined.
    """
    _require_allowed(context)
    if plan_id:
        if at or snapshot or consent.plan_only:
            raise click.UsageError(
                "--plan-id goes on with a plan: it takes no --at, no --snapshot and no --plan."
            )
        name = typed(consent, "Type the branch's name to go on with the plan: ")
        event = without_none(
            action=action,
            database=database,
            plan=plan_id,
            execute=True,
            confirm=name,
            without_backup=without_backup,
        )
    else:
        asked = without_none(
            action=action,
            database=database,
            at=_moment(at, snapshot) if action == "restore" else None,
            snapshot=snapshot,
            without_backup=without_backup,
        )
        doing = f"Looking what Neon would change in {database}"
        plan = follow.run(context, FUNCTION, None, asked, doing=doing)
        lines = _plan_lines(plan)
        chosen = agreed(context, plan, lines, consent, "Restore?", named="branch")
        if chosen is None:
            return ExitCode.DONE
        event = chosen
    answer = follow.run(context, FUNCTION, None, event, doing=f"Restoring {database} by Neon")
    return show_neon_result(context, answer)


def _require_allowed(context: Context) -> None:
    """Insist that the stack has the function.

    Raises:
        CommandError: it hasn't, or can't be described.
    """
    if context.options.show_event or _OUTPUT in context.stack.outputs:
        return
    raise CommandError(
        f"The settings of the stack {context.stack.name} don't allow to restore by Neon.",
        safe=NOTHING_SENT,
        next_step="In lifeboat.toml, below [databases.neon]: restore = true; then make deploy. Or"
        " restore in Neon's console: lifeboat runbook neon-restore.",
        code=ExitCode.USAGE,
    )


def show_neon_result(context: Context, answer: Answer) -> ExitCode:
    """Print what a restore by Neon, or a plan of one, came to; returns the exit code.

    Args:
        context: of the command.
        answer: of the function.
    """
    if context.options.json:
        context.show_json(answer)
    else:
        context.show(*(_result_lines(answer) if "verdict" in answer else _plan_lines(answer)))
    same = answer.get("verdict", "same") == "same"
    return ExitCode.DONE if same else ExitCode.PARTIAL


def _moment(text: str | None, snapshot: str | None) -> str | None:
    if text and snapshot:
        raise click.UsageError("--at and --snapshot are two answers to where to go back to.")
    if snapshot:
        return None
    if text is None:
        raise click.UsageError(
            "--by neon needs the moment to go back to: --at TIME; or --snapshot NAME."
        )
    try:
        moment = parse_moment(text, datetime.now(timezone.utc))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is no moment; it may be {FORMS}.", param_hint="--at"
        ) from None
    return for_event(moment)


def _plan_lines(plan: Answer) -> Iterator[str]:
    branch, lost = safe_line(plan["branch"]), plan["lost_seconds"]
    if plan["at"]:
        ago = age(timedelta(seconds=lost))
        what = f"the snapshot {plan['snapshot']} of " if plan["snapshot"] else ""
        back_to = f"to {what}{said_back(parse_time(plan['at']))}, {ago} ago"
    else:
        back_to = "to what it was before the last restore"
    yield f"Neon throws the whole branch {branch} back {back_to}."
    yield (
        "  Nothing was touched. Neon can give back any moment since"
        f" {minute(plan['history_since'])} UTC. Plan {plan['plan']}, valid for an hour."
    )
    for each in plan["databases"]:
        yield from _database_lines(each, "now")
    yield from (f"  - {safe_line(each)}" for each in plan["steps"])
    yield from (f"  ! {safe_line(each)}" for each in plan["warnings"])


def _database_lines(found: Answer, later: str) -> Iterator[str]:
    yield f"  In {safe_line(found['database'])}:"
    same = plural(found["same_tables"], "table")
    yield f"      {same} with as many rows then as {later}"
    tables = found["tables"]
    for each in tables[:_MAX_LINES]:
        then, now = _rows(each["rows_then"]), _rows(each["rows_now"])
        yield f"    * {safe_line(each['table'])}: {then} then, {now} {later}"
    definitions = found["definitions"]
    yield from (f"    * {safe_line(each)}" for each in definitions[:_MAX_LINES])
    more = found["not_listed"] + sum(
        max(0, len(each) - _MAX_LINES) for each in (tables, definitions)
    )
    if more:
        yield f"      and {plural(more, 'other difference')}: --json lists more of them"
    yield from (f"    ? {safe_line(each)}" for each in found["not_counted"][:_MAX_LINES])
    yield from (f"    ? {safe_line(each)}" for each in found["problems"])


def _rows(rows: int | None) -> str:
    return "not there" if rows is None else plural(rows, "row")


def _result_lines(answer: Answer) -> Iterator[str]:
    words = {
        "same": "It has what it had then, in rows of each table and in definitions.",
        "different": "It differs from what it had then:",
        "unknown": "Not everything could be compared with what it had then:",
    }
    done = "had been restored before" if answer["repeated"] else "is restored"
    branch = safe_line(answer["branch"])
    yield f"The branch {branch} {done} ({duration(answer['seconds'])})."
    yield words[answer["verdict"]]
    if answer["verdict"] != "same":
        for each in answer["databases"]:
            yield from _database_lines(each, "now")
    yield from (f"  note: {safe_line(each)}" for each in answer["notes"])
    yield f"Backup:      {answer['backup'] or 'none was taken'}"
    yield f"Go back:     {answer['undo_command']}"
    yield f"Report:      {answer['report']}"
