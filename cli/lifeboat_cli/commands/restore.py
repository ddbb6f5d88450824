"""`lifeboat restore`: bring a backup back, beside the live database or into some of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli import by_neon, follow
from lifeboat_cli.advice import as_commands
from lifeboat_cli.conversation import Consent, agreed
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.invoke import Answer, call
from lifeboat_cli.options import chooses_backup
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import (
    as_of,
    backup_id,
    moment_before,
    plan_lines,
    psql_command,
    table_names,
    target_option,
    without_none,
)
from lifeboat_cli.tables import STYLES, table
from lifeboat_cli.text import duration, plural

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@declared()
@chooses_backup
@click.option("--data-only", is_flag=True, help="Rows into empty tables of the live database.")
@click.option("--replace", is_flag=True, help="With --data-only: remove the rows there first.")
@click.option("--target", metavar="NAME", help="Secret of the server, such as lifeboat/admin.")
@click.option("--no-owners", is_flag=True, help="All belongs to the role that restores.")
@click.option("--rows-only", is_flag=True, help="Count the rows only, which proves nothing.")
@by_neon.by_option
@click.option("--at", metavar="TIME", help="With --by neon: the moment to go back to.")
@by_neon.snapshot_option
@by_neon.plan_id_option
@by_neon.without_backup_option
@click.option("--plan", is_flag=True, help="Show the plan, and do nothing.")
@click.option("--yes", "-y", is_flag=True, help="Don't ask.")
@click.option(
    "--confirm",
    metavar="NAME",
    help="The live database's name, for --replace; the branch's, for --by neon.",
)
def restore(  # noqa: PLR0913  # click gives options as keywords
    context: Context,
    *,
    database: str,
    backup: str | None,
    before: str | None,
    tables: tuple[str, ...],
    data_only: bool,
    replace: bool,
    target: str | None,
    no_owners: bool,
    rows_only: bool,
    by: str | None,
    at: str | None,
    snapshot: str | None,
    plan_id: str | None,
    without_backup: bool,
    plan: bool,
    yes: bool,
    confirm: str | None,
) -> ExitCode | None:
    """Bring back a backup, the newest by default.

    It restores into a new database beside the live one, and compares every value. Nothing live
    changes, but with --data-only. Exit code 3 if something could not be compared.

    With --by neon, Neon throws its whole branch back to a moment or a snapshot: no backup is read.
    The plan shows which tables have how many rows then and now; then it backs up, and restores.
    """
    if by:
        others = (backup, before, tables, data_only, replace, target, no_owners, rows_only)
        if any(others):
            raise click.UsageError("--by neon restores no backup: it takes no option about one.")
        return by_neon.restore_by_neon(
            context,
            "restore",
            database,
            at=at,
            snapshot=snapshot,
            plan_id=plan_id,
            without_backup=without_backup,
            consent=Consent(plan_only=plan, yes=yes, confirm=confirm),
        )
    if at or snapshot or plan_id or without_backup:
        raise click.UsageError(
            "--at, --snapshot, --plan-id and --without-backup go with --by neon."
        )
    event = without_none(
        action="restore-tables" if tables else "restore",
        database=database,
        backup=backup_id(database, backup),
        before=moment_before(context, before),
        tables=table_names(tables),
        data_only=data_only,
        replace=replace,
        target=target,
        owners="none" if no_owners else None,
        compare="rows" if rows_only else None,
    )
    planned = call(context, "restore", None, event)
    go = agreed(
        context,
        planned,
        plan_lines(planned, "Restore"),
        Consent(plan_only=plan, yes=yes, confirm=confirm),
        "Go on?" if data_only else "Nothing live is changed. Go on?",
    )
    if go is None:
        return ExitCode.DONE
    answer = follow.run(context, "restore", None, go, doing=f"Restoring {planned['backup']}")
    if context.options.json:
        context.show_json(answer)
    else:
        show_result(context, answer, target)
    return ExitCode.PARTIAL if answer.get("verdict") == "partial" else ExitCode.DONE


command = restore


def show_result(context: Context, answer: Answer, target: str | None) -> None:
    """Print what a restore, or another action that `watch` has followed, came to.

    Args:
        context: of the command.
        answer: of the function.
        target: the secret of the server, where it was named.
    """
    if "restored_database" in answer:
        _show_restored(context, answer, target)
    elif "sequences_raised" in answer:
        _show_loaded(context, answer)
    else:
        context.show_json(answer)


def _show_restored(context: Context, answer: Answer, target: str | None) -> None:
    verdict, name = answer["verdict"], answer["restored_database"]
    context.out.print(verdict, style=STYLES.get(verdict, ""), end="")
    context.show(
        f"  {plural(answer['rows'], 'row')} of {answer['backup']} in"
        f" {duration(answer['seconds'])}, {as_of(answer)}",
        *(f"  why: {as_commands(reason)}" for reason in answer["reasons"]),
        *(f"  note: {as_commands(note)}" for note in answer["notes"]),
        f"Look at it:  {psql_command(answer['server'], name)}",
    )
    if answer["next_event"]:
        context.show(f"Use it:      {_swap_command(answer, target)}")
    context.show(f"Drop it:     {answer['drop_sql']}", f"Report:      {answer['report']}")


def _swap_command(answer: Answer, target: str | None) -> str:
    """The next command; it names nothing that `swap` finds by itself."""
    event = answer["next_event"]
    also = " --allow-unverified" if event.get("allow_unverified") else ""
    return f"lifeboat swap {answer['database']}{also}{target_option(target)}"


def _show_loaded(context: Context, answer: Answer) -> None:
    rows = (
        (each["table"], f"{each['rows_before']:,}", f"{each['rows_after']:,}")
        for each in answer["tables"]
    )
    context.show(
        f"Loaded into {answer['live_database']} from {answer['backup']} in"
        f" {duration(answer['seconds'])}",
        table(("TABLE", "BEFORE", "NOW"), rows, right="BEFORE NOW"),
        *(
            f"  sequence {each['sequence']} stands at {each['last_value']:,}"
            for each in answer["sequences_raised"]
        ),
        *(f"  note: {as_commands(note)}" for note in answer["notes"]),
    )
