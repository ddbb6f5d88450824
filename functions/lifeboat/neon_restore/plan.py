"""Plans a restore by Neon: looks at the past on a branch of its own, and touches nothing."""

from datetime import UTC, datetime

from lifeboat.errors import RefusedError
from lifeboat.model.text import line
from lifeboat.neon.records import Branch
from lifeboat.neon_restore.look_branch import look_branch
from lifeboat.neon_restore.policy.answers import NeonRestorePlan
from lifeboat.neon_restore.policy.differences import differences
from lifeboat.neon_restore.policy.event import Action
from lifeboat.neon_restore.policy.names import newest_kept
from lifeboat.neon_restore.policy.plan_text import Found, next_event, steps, warnings
from lifeboat.neon_restore.policy.record import NeonPlan
from lifeboat.neon_restore.policy.restorable import (
    Situation,
    identity_of,
    require_moment,
    require_restorable,
)
from lifeboat.neon_restore.policy.snapshots import find_snapshot
from lifeboat.neon_restore.read_contents import read_contents
from lifeboat.neon_restore.run import NeonRestoreRun
from lifeboat.neon_restore.snapshot_branch import look_at_snapshot


def plan_restore(run: NeonRestoreRun) -> NeonRestorePlan:
    """What a restore, or its undo, would change, and the event that carries it out.

    Raises:
        RefusedError: the branch, the moment or the settings don't allow it.
        ProviderError: Neon refused something, or can't be asked.
        StorageError: the plan could not be stored.
    """
    run.progress.step("ask Neon", new=True)
    branch, branches = run.branch(), run.neon.branches()
    parent = next((each for each in branches if each.id == branch.parent_id), None)
    situation = Situation(
        project=run.neon.details(), branch=branch, parent=parent, now=datetime.now(UTC)
    )
    require_restorable(situation)
    kept = _kept(branch, branches) if run.event.action is Action.UNDO else None
    if run.event.at:
        require_moment(situation, run.event.at)
    snapshot = find_snapshot(run.neon.snapshots(), run.event.snapshot)
    source = kept or branch
    looking = (
        look_at_snapshot(run, snapshot, branch)
        if snapshot
        else look_branch(run, source.id, run.event.at)
    )
    with looking as look:
        run.progress.step("read the past", new=True)
        then = read_contents(run, look.id, run.left() / 2)
        run.progress.step("read the present", new=True)
        now = read_contents(run, branch.id, run.left())
    identity = identity_of(branch)
    record = NeonPlan(
        database=run.event.database,
        planned=run.started,
        action=run.event.action,
        at=snapshot.moment if snapshot else run.event.at,
        snapshot=snapshot.id if snapshot else None,
        source=None if snapshot else source.id,
        project_id=identity.project_id,
        branch_id=identity.branch_id,
        branch=identity.name,
        parent_id=identity.parent_id,
        begins=identity.begins,
        protected=branch.protected,
        then=then.databases,
    )
    found = Found(
        record=record,
        kept=kept.name if kept else None,
        snapshot=snapshot,
        databases=differences(then.databases, now.databases),
        slots=now.slots,
        without_backup=run.event.without_backup,
        notes=tuple(run.notes),
        now=situation.now,
    )
    run.store.save(record)
    return _answer(found, situation)


def _kept(branch: Branch, branches: tuple[Branch, ...]) -> Branch:
    kept = newest_kept(branch, branches)
    if kept is None:
        raise RefusedError(
            f"There is nothing to undo: no branch keeps what {line(branch.name)} was before a"
            " restore by Lifeboat.",
            todo="A restore in the Neon console keeps the state before under a name of its own:"
            " undo it there (Branches, that branch).",
        )
    return kept


def _answer(found: Found, situation: Situation) -> NeonRestorePlan:
    record = found.record
    lost = int((found.now - record.at).total_seconds()) if record.at else None
    return NeonRestorePlan(
        action=record.action,
        database=record.database,
        plan=record.id,
        at=record.at,
        snapshot=record.snapshot,
        history_since=situation.since,
        lost_seconds=lost,
        project_id=record.project_id,
        branch=record.branch,
        branch_id=record.branch_id,
        kept_as=record.kept_as,
        backup=record.backup.id,
        databases=found.databases,
        replication_slots=found.slots or (),
        steps=steps(found),
        warnings=tuple(warnings(found)),
        next_event=next_event(found),
    )
