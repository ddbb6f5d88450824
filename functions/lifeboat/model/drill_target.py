"""Where a drill restores a backup, and the branch that is made for it."""

from typing import Annotated, Literal

from pydantic import Field

from lifeboat.model.inventory import StoredRecord

type DrillTargetKind = Literal["embedded", "neon-branch"]

EMBEDDED: DrillTargetKind = "embedded"
"""The target that is a temporary server inside the function or job."""

NEON_BRANCH: DrillTargetKind = "neon-branch"
"""The target that is an empty branch in Neon, made for one drill."""

_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class DrillBranch(StoredRecord):
    """A branch that was made for one drill. By now it is deleted.

    Attributes:
        provider: who has it.
        project_id: of its project.
        id: its own.
        name: that it has while it is there.
    """

    provider: Literal["neon"] = "neon"
    project_id: _Id
    id: _Id
    name: Annotated[str, Field(max_length=256)]
