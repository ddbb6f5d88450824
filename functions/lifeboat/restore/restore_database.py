"""Restores a database, or some tables, into a new one beside whatever is there, and proves it."""

from functools import partial

import psycopg
from psycopg import sql

from lifeboat.model.inventory import Inventory
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.properties import set_archived_properties
from lifeboat.restore.answer import answer_of
from lifeboat.restore.choose_entries import choose_entries
from lifeboat.restore.policy.answers import RestorePlan, RestoreResult
from lifeboat.restore.policy.plan import plan_restore, require_open
from lifeboat.restore.policy.preconditions import walls
from lifeboat.restore.policy.tables_plan import plan_tables
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.steps import bring, fetch_whole, given_up, publish, require_roles

_TO_SPARE_SECONDS = 30.0
"""Kept for the report when statistics are gathered."""


def restore_database(run: RestoreRun) -> RestorePlan | RestoreResult:
    """Plan it; with `execute` also do it. Gives the plan, or what the restore came to.

    Raises:
        RestoreRefusedError: something stands in the way; nothing was touched.
        RestoreFailedError: what came back is not what was backed up.
        RestoreTargetError: the server refused something, or the connection broke.
        VaultReadError: S3 refused or failed.
    """
    room = run.room()
    if not run.event.execute or any(walls(run.event, run.source, run.facts, room)):
        make_plan = plan_restore if run.whole else plan_tables
        plan = make_plan(run.event, run.source, run.facts, room, run.copy_name)
        if not run.event.execute:
            return plan.answer()
        require_open(plan)
    fetch_whole(run)
    entries = None if run.whole else _chosen(run)
    require_roles(run)
    with given_up(run):
        untested = bring(run, entries)
        with run.phases.timed("compare"):
            compare_copy(run, untested, None if run.whole else partial(_claimed, run))
        if run.whole:
            # It begins before the database's own settings would change it, or keep it out.
            with run.session(run.copy_name) as connection:
                with run.phases.timed("settings"):
                    run.notes += set_archived_properties(run)
                _gather_statistics(run, connection)
        report = run.report()
        publish(run, report)
    return answer_of(run, report)


def _chosen(run: RestoreRun) -> list[str]:
    """The entries of the archive that the chosen tables need."""
    selection = choose_entries(run, run.event.tables)
    run.notes += [f"Left out: {name}" for name in selection.left_out]
    return [each.line for each in selection.entries]


def _claimed(run: RestoreRun, restored: Inventory) -> Inventory:
    """What the manifest claims of the chosen tables, and of what came along with them.

    Their indexes and the like are counted in the manifest for the whole database only; whether they
    came back is what pg_restore's own errors tell.
    """
    whole = run.manifest.inventory
    wanted = {(table.schema, table.name) for table in restored.tables}.union(run.event.tables)
    sequences = {(each.schema, each.name) for each in restored.sequences}
    return restored.model_copy(
        update={
            "tables": tuple(each for each in whole.tables if (each.schema, each.name) in wanted),
            "sequences": tuple(
                each for each in whole.sequences if (each.schema, each.name) in sequences
            ),
        }
    )


def _gather_statistics(run: RestoreRun, connection: Connection) -> None:
    """A dump has none, and without them the first queries after a swap are slow ones."""
    with run.phases.timed("analyze"):
        seconds = run.remaining() - _TO_SPARE_SECONDS
        if seconds >= 1:
            limit = sql.Literal(f"{int(seconds)}s")
            connection.execute(sql.SQL("SET statement_timeout = {}").format(limit))
            try:
                connection.execute("ANALYZE")
            except psycopg.errors.QueryCanceled:
                run.watch.check()
            else:
                return
    run.notes.append(
        f"Run ANALYZE in {run.copy_name}: there was no time left for it, and queries are slow."
    )
