"""Brings back some tables: into a database of their own beside the live one."""

from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.compare_copy import inventory_of
from lifeboat.recovery.policy.verdict import Untested, compare
from lifeboat.recovery.scratch import Scratch
from lifeboat.restore.answer import answer_of
from lifeboat.restore.choose_entries import choose_entries
from lifeboat.restore.policy.answers import (
    ListedTable,
    RestorePlan,
    RestoreResult,
    TableList,
)
from lifeboat.restore.policy.copy_names import name_of
from lifeboat.restore.policy.facts import Room, Source
from lifeboat.restore.policy.plan import require_open
from lifeboat.restore.policy.tables_plan import plan_tables
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


def list_tables(run: RestoreRun, source: Source) -> TableList:
    """The tables of a backup, as its manifest has them; a partitioned one by its partitions."""
    manifest = source.manifest
    return TableList(
        action=run.event.action,
        database=run.event.database,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        tables=tuple(
            ListedTable(
                table=qualified(table.schema, table.name),
                rows=table.rows,
                data_excluded=table.data_excluded,
            )
            for table in manifest.inventory.tables
        ),
    )


def restore_tables(
    run: RestoreRun, source: Source, target: Target, room: Room, scratch: Scratch, watch: Watch
) -> RestorePlan | RestoreResult:
    """Plan it; with `execute` also do it. Gives the plan, or what the restore came to.

    Raises:
        RestoreRefusedError: something stands in the way; nothing was touched.
        RestoreFailedError: what came back is not what was backed up.
        RestoreTargetError: the server refused something, or the connection broke.
        VaultReadError: S3 refused or failed.
    """
    copy = name_of(source.live, "tables", run.request.started)
    plan = plan_tables(run.event, source, target.facts, room, copy)
    if not run.event.execute:
        return plan.answer()
    require_open(plan)
    bringing = Bringing(run, source, target, run.recovery(source.manifest, scratch, watch))
    fetch_whole(run, bringing.recovery)
    selection = choose_entries(bringing.recovery, target.facts.major, run.event.tables)
    require_roles(bringing)
    run.notes += [f"Left out: {name}" for name in selection.left_out]
    with given_up(bringing, copy):
        untested = bring(bringing, copy, tuple(each.line for each in selection.entries))
        _compare(bringing, copy, untested)
        report = run.report("restore-tables", source.manifest, target.facts, copy)
        publish(bringing, report)
    return answer_of(run, report)


def _compare(bringing: Bringing, copy: str, untested: Untested) -> None:
    run, manifest = bringing.run, bringing.source.manifest
    checksums = any(table.checksum is not None for table in manifest.inventory.tables)
    with run.steps.timed("compare"):
        with bringing.target.session(bringing.watch, copy) as connection:
            restored = inventory_of(connection, checksums=checksums)
        claimed = _part(manifest, restored, run.event.tables)
        comparison = compare(claimed, restored, untested=untested)
    run.findings.checks += comparison.checks
    run.findings.tables = comparison.tables


def _part(manifest: Manifest, restored: Inventory, chosen: tuple[TableName, ...]) -> Inventory:
    """What the manifest claims of the chosen tables, and of what came along with them.

    Their indexes and the like are counted in the manifest for the whole database only; whether they
    came back is what pg_restore's own errors tell.
    """
    whole = manifest.inventory
    wanted = {(table.schema, table.name) for table in restored.tables}.union(chosen)
    sequences = {(each.schema, each.name) for each in restored.sequences}
    return restored.model_copy(
        update={
            "tables": tuple(each for each in whole.tables if (each.schema, each.name) in wanted),
            "sequences": tuple(
                each for each in whole.sequences if (each.schema, each.name) in sequences
            ),
        }
    )
