"""Restores a database, or some tables, into a new database, and verifies it."""

from functools import partial

import psycopg
from psycopg import sql

from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.inventory import Inventory
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.compare_definitions import compare_definitions
from lifeboat.recovery.policy.entry import line_number
from lifeboat.recovery.properties import set_archived_properties
from lifeboat.restore.answer import answer_of
from lifeboat.restore.choose_entries import choose_entries
from lifeboat.restore.policy.answers import RestorePlan, RestoreResult
from lifeboat.restore.policy.plan import plan_restore, require_no_blockers
from lifeboat.restore.policy.preconditions import blockers
from lifeboat.restore.policy.tables_plan import plan_tables
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.steps import (
    abandon_on_error,
    definitions_again,
    fetch_complete,
    publish,
    require_roles,
    restore_into,
)

_REPORT_RESERVE_SECONDS = 30.0
"""Time that ANALYZE leaves for the report."""


def restore_database(run: RestoreRun) -> RestorePlan | RestoreResult | HandOverAnswer:
    """Plan the restore, or with `execute` do it. Returns the plan, the result, or its job.

    Raises:
        RefusedError: something stands in the way; nothing was touched.
        VerificationError: what came back is not what was backed up.
        ServerError: the server refused something, or the connection broke.
        StorageError: S3 refused or failed.
    """
    capacity = run.capacity()
    if not run.event.execute or any(blockers(run.event, run.source, run.facts, capacity)):
        make_plan = plan_restore if run.whole else plan_tables
        plan = make_plan(run.event, run.source, run.facts, capacity, run.copy_name)
        if not run.event.execute:
            return plan.answer()
        require_no_blockers(plan)
    if job := run.moved():
        return job
    fetch_complete(run)
    entries = None if run.whole else _chosen_entries(run)
    require_roles(run)
    with abandon_on_error(run):
        untested = restore_into(run, entries)
        with run.phases.timed("compare"):
            compare_copy(
                run,
                untested,
                None if run.whole else partial(_expected_inventory, run),
                content=run.event.compare == "content",
            )
        compare_definitions(
            run,
            untested,
            partial(definitions_again, run, entries),
            None if entries is None else set(map(line_number, entries)),
        )
        if run.whole:
            # Connect first: the database's own settings may change or refuse a later session.
            with run.session(run.copy_name) as connection:
                with run.phases.timed("settings"):
                    run.notes += set_archived_properties(run)
                _gather_statistics(run, connection)
        report = run.report()
        publish(run, report)
    return answer_of(run, report)


def _chosen_entries(run: RestoreRun) -> list[str]:
    """The entries of the archive that the chosen tables need."""
    selection = choose_entries(run, run.event.tables)
    run.notes += [f"Left out: {name}" for name in selection.left_out]
    return [each.line for each in selection.entries]


def _expected_inventory(run: RestoreRun, restored: Inventory) -> Inventory:
    """The manifest's inventory for the chosen tables and those that come with them."""
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
    """Run ANALYZE: a dump has no statistics, and queries are slow without them."""
    with run.phases.timed("analyze"):
        seconds = run.remaining() - _REPORT_RESERVE_SECONDS
        if seconds >= 1:
            limit = sql.Literal(f"{int(seconds)}s")
            connection.execute(sql.SQL("SET statement_timeout = {}").format(limit))
            try:
                connection.execute("ANALYZE")
            except psycopg.errors.QueryCanceled:
                run.scope.check()
            else:
                return
    run.notes.append(
        f"Run ANALYZE in {run.copy_name}: there was no time left for it, and queries are slow."
    )
