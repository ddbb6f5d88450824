"""`lifeboat watch`: attach to a run that goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from lifeboat_cli.answers import show_answer
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.follow import Run, follow
from lifeboat_cli.found_runs import FoundRun, find_runs
from lifeboat_cli.options import command as declared

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

_HOUR = 3_600_000
_RUNNING_FOR = 46 * _HOUR
"""How far back a run that goes on may have begun: a job may take two days."""

_KNOWN_FOR = 7 * 24 * _HOUR
"""How far back a run that is named is looked for."""


@declared(sends_event=False)
@click.argument("database")
@click.option("--run", "run_id", metavar="ID", help="Which one; by default the newest that runs.")
def watch(context: Context, database: str, run_id: str | None) -> ExitCode:
    """Follow a run of a database to its end.

    It is as if this command had started it. ID is what `lifeboat runs` shows. The exit code is that
    of the run.
    """
    now = int(time.time() * 1000)
    found = find_runs(context, database, now - (_KNOWN_FOR if run_id else _RUNNING_FOR))
    run = _chosen(found, database, run_id, now)
    started = Run(run.job, database, run.log.run, run.begun - 1000, run.function)
    answer = follow(context, started, doing=f"{run.action or run.job} of {database}")
    return show_answer(context, run.job, answer)


command = watch


def _chosen(found: list[FoundRun], database: str, run_id: str | None, now: int) -> FoundRun:
    """The run with that id, or the newest one that goes on."""
    for each in found:
        if each.log.run.startswith(run_id) if run_id else not each.over(now):
            return each
    what = (
        f"The logs of {database} have no run {run_id}."
        if run_id
        else f"Nothing of {database} runs."
    )
    raise CommandError(
        what,
        safe="Nothing was changed.",
        next_step=f"lifeboat runs {database}",
        code=ExitCode.USAGE,
    )
