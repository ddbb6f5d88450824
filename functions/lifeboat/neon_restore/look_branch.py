"""A branch that shows a moment of the past to a plan, and is deleted whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from lifeboat.errors import ProviderError, ProviderGoneError, RefusedError
from lifeboat.model.text import line
from lifeboat.neon.records import Branch
from lifeboat.neon_restore.policy.names import look_name
from lifeboat.neon_restore.policy.restorable import branch_with
from lifeboat.neon_restore.run import NeonRestoreRun

LIFE = timedelta(hours=2)
"""What nobody deletes, Neon deletes then."""

READY_SECONDS = 180.0
"""How long a branch or its compute may take to be there."""

_GONE_SECONDS = 20.0
LARGEST_CU = 1.0
"""Reading needs little. Prices of compute units: https://neon.com/docs/introduction/plans"""


@contextmanager
def look_branch(run: NeonRestoreRun, parent_id: str, at: datetime | None) -> Iterator[Branch]:
    """A branch of another one at a moment, with a compute; it is deleted when the block is left.

    If it can't be deleted, a note says so, and Neon deletes it when it expires.

    Args:
        run: that wants to look.
        parent_id: of the branch whose history it has.
        at: the moment; None is now.

    Raises:
        ProviderError: Neon did not make it.
    """
    name = look_name(run.started, run.run_id)
    expires = run.started + LIFE
    made: Branch | None = None
    try:
        begun = run.neon.create_branch(
            name, expires_at=expires, parent_id=parent_id, at=at, largest_cu=LARGEST_CU
        )
        made = begun.branch
        run.neon.wait_for(begun.operations, seconds=min(READY_SECONDS, run.left()))
        yield made
    finally:
        delete_own_branch(run, name, made.id if made else None)


def delete_own_branch(run: NeonRestoreRun, name: str, branch_id: str | None) -> None:
    """Delete a branch that this plan has made, and no other one; a note says if that failed.

    Args:
        run: of the plan.
        name: of the branch, which only this plan gives.
        branch_id: its id; None if Neon's answer was lost.
    """
    try:
        # Where the answer was lost, it may be there all the same.
        found = run.neon.branch(branch_id) if branch_id else branch_with(name, run.neon.branches())
        if found is None:
            return
        _require_own(found, name, branch_id)
        operations = run.neon.delete_branch(found.id)
        run.neon.wait_for(operations, seconds=_GONE_SECONDS)
    except ProviderGoneError:
        return
    except (ProviderError, RefusedError) as error:
        run.notes.append(
            f"The branch {name}, which was made for this plan only, could not be deleted:"
            f" {line(error.what)} Neon deletes it when it expires, two hours after it was made."
        )


def _require_own(branch: Branch, name: str, branch_id: str | None) -> None:
    known = branch.expires_at is not None or branch.id == branch_id
    if branch.name != name or branch.default or branch.protected or not known:
        raise RefusedError(
            f"The branch {branch.id} is not the one that was made.",
            todo="Look at the project's branches in the Neon console.",
        )
