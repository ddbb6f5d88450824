"""The branch that a backup was read from, in the place of the database itself."""

from typing import Annotated, Literal

from pydantic import Field

from lifeboat.model.inventory import StoredRecord
from lifeboat.model.utc import UtcTime

type SourceKind = Literal["database", "branch"]
"""What backups read: the database itself, or a branch that each run makes and deletes."""

_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class SourceBranch(StoredRecord):
    """A branch that was made for one backup. By now it is deleted.

    Attributes:
        provider: who has it.
        project_id: of its project.
        id: its own.
        parent_id: of the branch that it was made of, where the database is.
        lsn: the position of the parent's write-ahead log at which it begins; None if the provider
            doesn't say.
        moment: the time of its data, as far as the provider says: that of the position, or when the
            branch was made.
    """

    provider: Literal["neon"] = "neon"
    project_id: _Id
    id: _Id
    parent_id: _Id
    lsn: Annotated[str, Field(pattern=r"^[0-9A-F]{1,8}/[0-9A-F]{1,8}$")] | None = None
    moment: UtcTime
