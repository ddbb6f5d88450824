"""Names of the branches that a restore makes: to look at the past, and to keep the present."""

from collections.abc import Iterable
from datetime import datetime

from lifeboat.neon.policy.kept_branches import KEPT_BY_LIFEBOAT
from lifeboat.neon.records import Branch

_MAX_BASE = 200
"""A name may have 256 characters (`branch.name` in Neon's OpenAPI file); ours come behind it."""


def look_name(plan: datetime, run_id: str) -> str:
    """The name of the branch that shows the past to a plan; no other run gives the same.

    Args:
        plan: when it was begun.
        run_id: of the invocation.
    """
    return f"lifeboat_look_{_stamp(plan)}_{run_id[:13]}"


def snapshot_name(plan: datetime) -> str:
    """The name of the branch that has what a snapshot has, while a plan is carried out."""
    return f"lifeboat_snapshot_{_stamp(plan)}"


def kept_name(branch: str, plan: datetime) -> str:
    """The name of the branch that keeps what is live before a restore.

    Args:
        branch: name of the branch that is restored; it may be anything.
        plan: when the plan was begun.
    """
    return f"{branch[:_MAX_BASE]}_before_lifeboat_{_stamp(plan)}"


def newest_kept(branch: Branch, branches: Iterable[Branch]) -> Branch | None:
    """What Lifeboat's last restore of a branch has kept; None if there is nothing.

    Args:
        branch: that was restored.
        branches: all of its project.
    """
    own = branch.name[:_MAX_BASE]
    kept = (
        each
        for each in branches
        if (found := KEPT_BY_LIFEBOAT.fullmatch(each.name))
        and found[1] == own
        and each.id != branch.id
    )
    return max(kept, key=lambda each: each.name, default=None)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dt%H%M%Sz}"
