"""Which branches of a project are Lifeboat's own: by name, and by what nobody gives to a copy.

A branch is deleted only if its whole name says for which run it was made, and it is neither the
default branch, nor protected, nor a root branch. People who keep one give it another name, or
protect it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lifeboat.model.branches import BranchRequest, Purpose
from lifeboat.model.engine import Engine
from lifeboat.neon.records import Branch

LIFETIME = timedelta(hours=2)
"""After so long Neon deletes what nobody has: eight times a function's time."""

LARGEST_CU: dict[Purpose, float] = {"backup": 1.0, "drill": 2.0}
"""How far the compute of a branch may grow. A backup reads with three processes at most; a drill
restores with more, and every plan has two (https://neon.com/docs/introduction/plans)."""

_PREFIXES: dict[Purpose, str] = {"backup": "lifeboat/", "drill": "lifeboat-drill/"}


def name_of(request: BranchRequest) -> str:
    """The name of a run's branch: lifeboat/app/function/<run>, lifeboat-drill/app/function/<run>.

    No part has a slash, so no two purposes, databases or runs have the same.
    """
    return f"{_PREFIXES[request.purpose]}{request.database}/{request.engine}/{request.run}"


def expires_at(engine: Engine, job_hours: int, now: datetime) -> datetime:
    """When Neon is to delete a branch that nobody has deleted.

    Args:
        engine: of the run.
        job_hours: how long a job may take; its branch outlives it.
        now: when the branch is made.
    """
    longer = timedelta(hours=job_hours) if engine is Engine.JOB else timedelta(0)
    return now + longer + LIFETIME


def is_own(branch: Branch, name: str) -> bool:
    """Whether a branch was made for the run of this name, and may be deleted."""
    return (
        branch.name == name
        and not branch.default
        and not branch.protected
        and branch.parent_id is not None
    )


def is_new(branch: Branch, name: str, before: Iterable[Branch]) -> bool:
    """Whether a branch is the copy that this very run has made, whatever Neon answers.

    Args:
        branch: as Neon describes it.
        name: of the run's branch.
        before: the branches that were there before it was made, which have somebody's data.
    """
    known = {each.id for each in before}
    return is_own(branch, name) and branch.expires_at is not None and branch.id not in known


def of_run(branches: Iterable[Branch], request: BranchRequest) -> list[Branch]:
    """The branches of this run; if the request names one, only that."""
    name = name_of(request)
    return [each for each in branches if is_own(each, name) and request.branch in {None, each.id}]


def leftovers(branches: Iterable[Branch], request: BranchRequest, now: datetime) -> list[Branch]:
    """The branches of runs of the same kind that died, of which Neon should have deleted every one.

    One whose expiry somebody has removed stays: he wants to keep it.

    Args:
        branches: of the project.
        request: of a run of the same database and purpose.
        now: the time.
    """
    prefix = f"{_PREFIXES[request.purpose]}{request.database}/"
    return [
        each
        for each in branches
        if each.name.startswith(prefix)
        and is_own(each, each.name)
        and each.expires_at is not None
        and each.expires_at <= now
    ]
