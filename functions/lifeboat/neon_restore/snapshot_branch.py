"""A branch that has what a snapshot has.

Neon can put a snapshot into a branch's place itself, but then another branch has its name, and
undoing that is another thing. So a branch is made of the snapshot that replaces none, and the live
one is restored to it, as to any other branch.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lifeboat.errors import ProviderError
from lifeboat.model.text import line
from lifeboat.neon.records import Branch, Snapshot
from lifeboat.neon_restore.look_branch import (
    LARGEST_CU,
    LIFE,
    READY_SECONDS,
    delete_own_branch,
)
from lifeboat.neon_restore.policy.names import look_name, snapshot_name
from lifeboat.neon_restore.policy.record import NeonPlan
from lifeboat.neon_restore.policy.restorable import branch_with, is_ready
from lifeboat.neon_restore.run import NeonRestoreRun
from lifeboat.runtime.timeouts import timeouts

_HALF_MADE_SECONDS = 60.0
"""How long another run of the same event may take to make the branch."""


@contextmanager
def look_at_snapshot(run: NeonRestoreRun, snapshot: Snapshot, target: Branch) -> Iterator[Branch]:
    """A branch of a snapshot, with a compute; it is deleted when the block is left.

    If it can't be deleted, a note says so, and Neon deletes it when it expires.

    Args:
        run: that wants to look.
        snapshot: what the branch has.
        target: the branch that a restore is planned of.

    Raises:
        ProviderError: Neon did not make it.
    """
    name = look_name(run.started, run.run_id)
    made: Branch | None = None
    try:
        made = _make(run, snapshot.id, name, target.id)
        compute = run.neon.create_compute(made.id, largest_cu=LARGEST_CU)
        run.neon.wait_for(compute.operations, seconds=_seconds(run))
        yield made
    finally:
        delete_own_branch(run, name, made.id if made else None)


def with_snapshot_branch(run: NeonRestoreRun, record: NeonPlan) -> NeonPlan:
    """The plan with a branch of its snapshot as the source; it is stored.

    An event that comes twice makes one branch: the second one waits for the first one's. What a
    dead run has left half made is made anew.

    Raises:
        ProviderError: Neon did not make it.
        StorageError: the plan could not be stored.
    """
    name = snapshot_name(record.planned)
    made = _ready(run, name) or _make(run, record.snapshot or "", name, record.branch_id)
    record = record.model_copy(update={"source": made.id})
    run.store.save(record)
    return record


def remove_snapshot_branch(run: NeonRestoreRun, record: NeonPlan) -> None:
    """Delete the branch, if it is there; a note says if that failed."""
    delete_own_branch(run, snapshot_name(record.planned), record.source)


def _ready(run: NeonRestoreRun, name: str) -> Branch | None:
    """The branch of that name, when it is ready; None if there is none, or it was given up."""
    end = time.monotonic() + min(_HALF_MADE_SECONDS, run.left())
    while (there := branch_with(name, run.neon.branches())) and not is_ready(there):
        if time.monotonic() >= end:
            delete_own_branch(run, name, there.id)
            return None
        time.sleep(timeouts().provider_poll_seconds)
    return there


def _make(run: NeonRestoreRun, snapshot_id: str, name: str, target_id: str) -> Branch:
    begun = run.neon.restore_snapshot(snapshot_id, name=name, branch_id=target_id)
    try:
        run.neon.wait_for(begun.operations, seconds=_seconds(run))
    except ProviderError:  # no other one is deleted: one of this name may be another run's
        delete_own_branch(run, name, begun.branch.id)
        raise
    try:
        expiring = run.neon.let_expire(begun.branch.id, run.started + LIFE)
        run.neon.wait_for(expiring.operations, seconds=_seconds(run))
    except ProviderError as error:  # it is deleted at the end all the same
        run.notes.append(
            f"The branch {name} does not expire by itself: {line(error.what)} If it is still there"
            " when this is over, delete it in the Neon console."
        )
    return begun.branch


def _seconds(run: NeonRestoreRun) -> float:
    return min(READY_SECONDS, run.left())
