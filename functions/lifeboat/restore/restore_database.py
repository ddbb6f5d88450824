"""Restores a whole database into a new one beside whatever is there, and proves what came back."""

import psycopg
from psycopg import sql

from lifeboat.postgres.connect import Connection
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.policy.verdict import Untested
from lifeboat.recovery.scratch import Scratch
from lifeboat.restore.answer import answer_of
from lifeboat.restore.bring_properties import bring_properties
from lifeboat.restore.policy.answers import RestorePlan, RestoreResult
from lifeboat.restore.policy.copy_names import name_of
from lifeboat.restore.policy.facts import Room, Source
from lifeboat.restore.policy.plan import plan_restore, require_open
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.steps import (
    Bringing,
    bring,
    fetch_whole,
    given_up,
    publish,
    require_roles,
)
from lifeboat.restore.target import Target

_TO_SPARE_SECONDS = 30.0
"""Kept for the report when statistics are gathered."""


def restore_database(
    run: RestoreRun, source: Source, target: Target, room: Room, scratch: Scratch, watch: Watch
) -> RestorePlan | RestoreResult:
    """Plan it; with `execute` also do it. Gives the plan, or what the restore came to.

    Raises:
        RestoreRefusedError: something stands in the way; nothing was touched.
        RestoreFailedError: what came back is not what was backed up.
        RestoreTargetError: the server refused something, or the connection broke.
        VaultReadError: S3 refused or failed.
    """
    copy = name_of(source.live, "restored", run.request.started)
    plan = plan_restore(run.event, source, target.facts, room, copy)
    if not run.event.execute:
        return plan.answer()
    require_open(plan)
    bringing = Bringing(run, source, target, run.recovery(source.manifest, scratch, watch))
    fetch_whole(run, bringing.recovery)
    require_roles(bringing)
    with given_up(bringing, copy):
        untested = bring(bringing, copy)
        _compare(bringing, copy, untested)
        # It begins before the database's own settings would change it, or keep it out.
        with target.session(watch, copy) as connection:
            bring_properties(bringing, copy)
            _gather_statistics(bringing, copy, connection)
        report = run.report("restore", source.manifest, target.facts, copy)
        publish(bringing, report)
    return answer_of(run, report)


def _compare(bringing: Bringing, copy: str, untested: Untested) -> None:
    run, recovery = bringing.run, bringing.recovery
    place = bringing.target.place(run)
    with run.steps.timed("compare"):
        compare_copy(recovery, place, copy, untested)


def _gather_statistics(bringing: Bringing, copy: str, connection: Connection) -> None:
    """A dump has none, and without them the first queries after a swap are slow ones."""
    run = bringing.run
    with run.steps.timed("analyze"):
        seconds = run.means.remaining() - _TO_SPARE_SECONDS
        if seconds >= 1:
            limit = sql.Literal(f"{int(seconds)}s")
            connection.execute(sql.SQL("SET statement_timeout = {}").format(limit))
            try:
                connection.execute("ANALYZE")
            except psycopg.errors.QueryCanceled:
                bringing.watch.check()
            else:
                return
    run.notes.append(f"Run ANALYZE in {copy}: there was no time left for it, and queries are slow.")
