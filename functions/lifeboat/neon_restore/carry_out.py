"""Carries out a plan: backup, restore by Neon, comparison. An event that comes twice does it once.

What was done is known from Neon itself: the branch that keeps what was live before has a name that
only this plan gives, and names of branches are unique in a project.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import lifeboat
from lifeboat.errors import (
    ProviderBusyError,
    ProviderError,
    ProviderGoneError,
    ProviderOperationError,
    RefusedError,
    TimeLimitError,
)
from lifeboat.model.text import line
from lifeboat.neon.records import Branch, Operation
from lifeboat.neon_restore.back_up import back_up
from lifeboat.neon_restore.policy.answers import NeonRestoreResult
from lifeboat.neon_restore.policy.differences import DatabaseDifference, differences
from lifeboat.neon_restore.policy.plan_text import (
    plan_event_of_undo,
    resume_command,
    undo_command,
    unprotect,
)
from lifeboat.neon_restore.policy.record import NeonPlan, NeonRestoreReport, Verdict
from lifeboat.neon_restore.policy.restorable import (
    branch_with,
    identity_of,
    is_ready,
    require_confirmed,
    require_fresh,
    require_ready,
    require_unchanged,
)
from lifeboat.neon_restore.read_contents import read_contents
from lifeboat.neon_restore.run import NeonRestoreRun
from lifeboat.neon_restore.snapshot_branch import remove_snapshot_branch, with_snapshot_branch
from lifeboat.runtime.timeouts import timeouts


def carry_out(run: NeonRestoreRun) -> NeonRestoreResult:
    """Do what a plan says, or go on with it.

    Raises:
        RefusedError: the plan is not the newest, is too old, or the branch is not as it was then.
        ProviderError: Neon refused or failed; the error says what is safe.
        TimeLimitError: it is not done yet; the same event goes on with it.
        StorageError: plan or report could not be stored.
    """
    begun = time.monotonic()
    record = _planned(run)
    require_confirmed(record.identity, run.event.confirm)
    kept = _done_before(run, record)
    repeated = kept is not None
    if kept is None:
        record = _restore(run, record)
        kept = branch_with(record.kept_as, run.neon.branches())
    if record.snapshot:
        remove_snapshot_branch(run, record)
    found = _compare(run, record)
    return _result(run, record, kept, found, repeated=repeated, begun=begun)


def _planned(run: NeonRestoreRun) -> NeonPlan:
    record = run.store.load(run.event.database)
    if record is None or record.id != run.event.plan or record.action is not run.event.action:
        raise RefusedError(
            f"{run.event.plan} is not the newest plan for {run.event.database}.",
            todo="Ask for a new plan, and read it.",
        )
    return record


def _done_before(run: NeonRestoreRun, record: NeonPlan) -> Branch | None:
    """The branch that keeps what was live, if Neon has been asked to restore, and has done it."""
    if record.operations:
        _safe_from_now(run, record)
        try:
            _wait(run, record, [run.neon.operation(each) for each in record.operations])
        except ProviderGoneError:
            run.notes.append("Neon does not know its operations any more.")
        except ProviderOperationError:
            pass  # it failed: if nothing was kept, nothing was restored, and it is tried again
    kept = branch_with(record.kept_as, run.neon.branches())
    if kept:
        _safe_from_now(run, record)
        _await_ready(run, record)
    return kept


def _restore(run: NeonRestoreRun, record: NeonPlan) -> NeonPlan:
    if record.begun is None:
        require_fresh(record.planned, run.started)
    if _is_done_by_another(run, record):
        return record
    record = record.model_copy(update={"begun": run.started})
    run.store.save(record)
    if not run.event.without_backup:
        record = back_up(run, record)
        if _is_done_by_another(run, record):
            return record
    if record.snapshot:
        ready = _with_snapshot(run, record)
        if ready is None:
            return record
        record = ready
    run.progress.step("restore", new=True)
    _safe_from_now(run, record)
    try:
        change = run.neon.restore_branch(
            record.branch_id,
            at=record.history_at,
            preserve_under=record.kept_as,
            source_id=record.source,
        )
    except ProviderError as error:
        if not _was_begun(run, record):
            raise _failed(run, record, error) from None
        return record
    record = record.model_copy(update={"operations": tuple(each.id for each in change.operations)})
    run.store.save(record)
    try:
        _wait(run, record, change.operations)
    except ProviderOperationError as error:
        raise _failed(run, record, error) from None
    return record


def _with_snapshot(run: NeonRestoreRun, record: NeonPlan) -> NeonPlan | None:
    """The plan with a branch of its snapshot; None if another run of the same event restores."""
    run.progress.step("read the snapshot", new=True)
    try:
        record = with_snapshot_branch(run, record)
    except ProviderError:
        if not _was_begun(run, record):
            raise
        return None
    return None if _is_done_by_another(run, record) else record


def _is_done_by_another(run: NeonRestoreRun, record: NeonPlan) -> bool:
    """Whether somebody who has sent the same event has it done meanwhile.

    Raises:
        RefusedError: nobody has, and the branch is not as it was when the plan was made.
    """
    try:
        _require_as_planned(run, record)
    except RefusedError:
        if not _was_begun(run, record):
            raise
        return True
    return False


def _was_begun(run: NeonRestoreRun, record: NeonPlan) -> bool:
    """Whether Neon restores although it seemed to refuse, as when only its answer was lost.

    If it does, this waits for it.
    """
    branch = run.branch()
    if identity_of(branch) == record.identity and is_ready(branch):
        return False
    _await_ready(run, record)
    return branch_with(record.kept_as, run.neon.branches()) is not None


def _require_as_planned(run: NeonRestoreRun, record: NeonPlan) -> None:
    branch = run.branch()
    require_unchanged(record.identity, identity_of(branch))
    if not record.operations:  # after an operation that failed, Neon may call it anything
        require_ready(branch)


def _safe_from_now(run: NeonRestoreRun, record: NeonPlan) -> None:
    backup = "" if run.event.without_backup else f" and in the backup {record.backup.id}"
    run.safe = (
        f"What was live before is in the branch {line(record.kept_as)} if Neon shows it, else still"
        f" in {line(record.branch)}{backup}."
    )


def _failed(run: NeonRestoreRun, record: NeonPlan, error: ProviderError) -> ProviderError:
    resume = resume_command(record, without_backup=run.event.without_backup)
    protection = f" If it is because of its protection: {unprotect(record)}"
    return type(error)(
        f"The restore of the branch {line(record.branch)} failed. {error.what}",
        safe=run.safe,
        todo=f"{error.todo}{protection if record.protected else ''} To try again: {resume}",
    )


def _wait(run: NeonRestoreRun, record: NeonPlan, operations: Iterable[Operation]) -> None:
    try:
        run.neon.wait_for(operations, seconds=run.left())
    except ProviderBusyError as error:
        raise _not_done_yet(run, record, error.what) from None


def _await_ready(run: NeonRestoreRun, record: NeonPlan) -> None:
    """Wait until Neon calls the branch ready, where its operations are not known."""
    end = time.monotonic() + run.left()
    while True:
        branch = run.neon.branch(record.branch_id)
        if is_ready(branch):
            return
        if time.monotonic() >= end:
            raise _not_done_yet(run, record, f'Neon calls it "{line(branch.current_state)}".')
        time.sleep(min(timeouts().provider_poll_seconds, run.left()))


def _not_done_yet(run: NeonRestoreRun, record: NeonPlan, why: str) -> TimeLimitError:
    resume = resume_command(record, without_backup=run.event.without_backup)
    return TimeLimitError(
        f"Neon has not finished restoring the branch {line(record.branch)}. {why}",
        safe=run.safe,
        todo=f"Neon goes on by itself. In a few minutes: {resume}. It waits, compares, and restores"
        " nothing a second time.",
    )


def _compare(run: NeonRestoreRun, record: NeonPlan) -> tuple[DatabaseDifference, ...] | None:
    """What differs from the plan's moment; None if it could not be found out."""
    run.progress.step("compare", new=True)
    try:
        now = read_contents(run, record.branch_id, run.left())
    except ProviderError as error:
        run.notes.append(f"The restored branch could not be compared. {line(error.what)}")
        return None
    return differences(record.then, now.databases)


def _result(
    run: NeonRestoreRun,
    record: NeonPlan,
    kept: Branch | None,
    found: tuple[DatabaseDifference, ...] | None,
    *,
    repeated: bool,
    begun: float,
) -> NeonRestoreResult:
    verdict = _verdict(found)
    notes = [*run.notes, *_about(record, kept, verdict)]
    backup = record.backup.id if run.store.has_backup(record.backup) else None
    report = NeonRestoreReport(
        database=record.database,
        planned=record.planned,
        finished=datetime.now(UTC),
        run_id=run.run_id,
        lifeboat_version=lifeboat.__version__,
        action=record.action,
        at=record.at,
        snapshot=record.snapshot,
        project_id=record.project_id,
        branch_id=record.branch_id,
        branch=record.branch,
        kept_as=record.kept_as,
        kept_id=kept and kept.id,
        backup=backup,
        verdict=verdict,
        differences=found or (),
    )
    where = run.store.publish(report)
    return NeonRestoreResult(
        action=record.action,
        database=record.database,
        plan=record.id,
        at=record.at,
        snapshot=record.snapshot,
        branch=record.branch,
        branch_id=record.branch_id,
        verdict=verdict,
        databases=found or (),
        kept_as=record.kept_as,
        kept_id=kept and kept.id,
        backup=backup,
        repeated=repeated,
        report=where,
        notes=tuple(notes),
        seconds=round(time.monotonic() - begun, 3),
        undo_command=undo_command(record.database),
        next_event=plan_event_of_undo(record.database),
    )


def _verdict(found: tuple[DatabaseDifference, ...] | None) -> Verdict:
    if found is None:
        return "unknown"
    if not all(each.is_same for each in found):
        return "different"
    return "same" if all(each.is_whole for each in found) else "unknown"


def _about(
    record: NeonPlan,
    kept: Branch | None,
    verdict: Verdict,
) -> list[str]:
    notes = []
    if kept is None:
        notes.append(f"Neon does not show the branch {line(record.kept_as)}: look in its console.")
    if verdict == "different":
        notes.append("What differs may have been written since the restore.")
    notes.append(
        f"The branch {line(record.kept_as)} stays until you delete it in the Neon console; undo"
        " needs it."
    )
    return notes
