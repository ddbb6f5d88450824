"""Whether a branch may be thrown back, and whether it is still the one that a plan was made for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.errors import RefusedError
from lifeboat.model.text import format_age, format_time, line
from lifeboat.neon.policy.kept_branches import is_kept
from lifeboat.neon.records import Branch, Project

PLAN_VALID = timedelta(hours=1)
"""An older plan says too little: what would be lost by now was not in it."""

_SNAPSHOT = (
    "Use a snapshot of Neon if there is one (docs/runbooks/neon-restore.md), or a backup of"
    " Lifeboat: lifeboat restore DATABASE --before TIME."
)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What Neon says before a plan.

    Attributes:
        project: that the branch is in.
        branch: to be thrown back.
        parent: of the branch; None for a root branch.
        now: in UTC.
    """

    project: Project
    branch: Branch
    parent: Branch | None
    now: datetime

    @property
    def since(self) -> datetime:
        """The first moment that Neon can give back: history window and the branch's own age.

        A branch that was restored begins, with its own history, at the moment that it has.
        """
        window = self.now - timedelta(seconds=self.project.history_retention_seconds)
        own = self.branch.parent_timestamp if self.parent else None
        return max(filter(None, (window, self.branch.created_at if own is None else own)))


def require_restorable(situation: Situation) -> None:
    """Insist that Neon can throw the branch back at all.

    Instant restore is for root branches: https://neon.com/docs/guides/branch-restore. A root branch
    that was restored has a parent, the branch that keeps what was before.

    Raises:
        RefusedError: it is no root branch, or is not ready.
    """
    branch, parent = situation.branch, situation.parent
    name = line(branch.name)
    if branch.parent_id and (parent is None or not is_kept(parent.name)):
        raise RefusedError(
            f"The branch {name} is no root branch: it was made from another one, and Neon throws"
            " only root branches back in time.",
            todo="Reset it from its parent in the Neon console, or restore a backup of Lifeboat:"
            " lifeboat restore DATABASE --before TIME.",
        )
    require_ready(branch)


def is_ready(branch: Branch) -> bool:
    """Whether Neon is not about to change the branch."""
    return branch.current_state == "ready" and not branch.pending_state


def require_ready(branch: Branch) -> None:
    """Insist that Neon is not about to change the branch.

    Raises:
        RefusedError: it is.
    """
    if not is_ready(branch):
        state = branch.pending_state or branch.current_state
        raise RefusedError(
            f"The branch {line(branch.name)} is not ready: Neon calls it {line(state)}.",
            todo="Wait until the Neon console shows no operation (Monitoring), and try again.",
        )


def require_moment(situation: Situation, at: datetime) -> None:
    """Insist that Neon still has the moment.

    Raises:
        RefusedError: it lies in the future, before the branch, or before the history window.
    """
    now, since, name = situation.now, situation.since, line(situation.branch.name)
    if at >= now:
        raise RefusedError(
            f"{format_time(at)} lies in the future: now it is {format_time(now)}.",
            todo="Give a moment that has been, in UTC or with a zone.",
        )
    if at >= since:
        return
    window = format_age(timedelta(seconds=situation.project.history_retention_seconds))
    if at < situation.branch.created_at:
        what = f"the branch {name} was made at {format_time(situation.branch.created_at)}"
    elif situation.parent and situation.branch.parent_timestamp == since:
        what = (
            f"the branch {name} was restored, and what was before is the history of"
            f" {line(situation.parent.name)}"
        )
    else:
        what = f"Neon keeps {window} of history for this project"
    raise RefusedError(
        f"Neon cannot give back {format_time(at)}: {what}. The first moment is"
        f" {format_time(since)}.",
        todo=_SNAPSHOT,
    )


@dataclass(frozen=True, kw_only=True)
class Identity:
    """By what a branch is known again, and that nobody has thrown it back since.

    Attributes:
        project_id: of its project.
        branch_id: its own.
        name: its name.
        parent_id: of its parent; a restore changes it.
        begins: where it begins in its parent's history; a restore changes this, too.
    """

    project_id: str
    branch_id: str
    name: str
    parent_id: str | None
    begins: str | None


def identity_of(branch: Branch) -> Identity:
    """The branch's identity now."""
    moment = branch.parent_timestamp
    return Identity(
        project_id=branch.project_id,
        branch_id=branch.id,
        name=branch.name,
        parent_id=branch.parent_id,
        begins=moment.isoformat() if moment else branch.parent_lsn,
    )


def require_unchanged(planned: Identity, now: Identity) -> None:
    """Insist that the branch is as it was when the plan was made.

    Raises:
        RefusedError: it is another one, has another name, or was restored meanwhile.
    """
    if planned != now:
        raise RefusedError(
            f"The branch {line(now.name)} ({now.branch_id}) is not as it was when the plan was"
            " made: somebody has restored or renamed it, or the settings name another one.",
            todo="Ask for a new plan, and read it.",
        )


def require_fresh(planned: datetime, now: datetime) -> None:
    """Insist that a plan is not too old to begin with.

    Raises:
        RefusedError: it is.
    """
    if now - planned > PLAN_VALID:
        raise RefusedError(
            f"The plan is of {format_time(planned)}, more than {format_age(PLAN_VALID)} ago.",
            todo="Ask for a new plan, and read it: more would be lost by now.",
        )


def require_confirmed(branch: Identity, typed: str | None) -> None:
    """Insist that a person has typed the branch's name.

    Raises:
        RefusedError: it was another text.
    """
    if typed != branch.name:
        raise RefusedError(
            "Key 'confirm' does not have the name of the branch that would be thrown back.",
            todo="Send the plan's `next_event` as it is.",
        )


def branch_with(name: str, branches: Iterable[Branch]) -> Branch | None:
    """The branch with that name; None if there is none."""
    return next((each for each in branches if each.name == name), None)
