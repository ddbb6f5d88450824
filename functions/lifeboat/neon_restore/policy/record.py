"""What is kept of a plan until it is carried out, and what it came to."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from lifeboat.errors import ProviderReportError
from lifeboat.model.documents import Document
from lifeboat.model.keys import (
    DATABASE_NAME,
    BackupLocation,
    neon_plan_key,
    neon_restore_key,
    time_id,
)
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import UtcSecond, UtcTime
from lifeboat.neon_restore.policy.contents import DatabaseContents
from lifeboat.neon_restore.policy.differences import DatabaseDifference
from lifeboat.neon_restore.policy.event import Action
from lifeboat.neon_restore.policy.names import kept_name
from lifeboat.neon_restore.policy.restorable import Identity

type Verdict = Literal["same", "different", "unknown"]
"""Whether a branch has what it had at the moment that was restored."""

_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class NeonPlan(Document):
    """The newest plan for a database. The next plan overwrites it, so it has no lock.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        planned: when the plan was begun; it identifies the plan.
        action: what it is a plan of.
        at: the moment to go back to; None for an undo, which goes back to the end of `source`.
        snapshot: id of the snapshot that has this moment; None if it is of a branch's history.
        source: id of the branch whose history is restored; None for a snapshot's, which is made
            when the plan is carried out.
        project_id: of the project.
        branch_id: of the branch that is thrown back.
        branch: its name.
        parent_id: of its parent, when the plan was made.
        begins: where it began in its parent's history, when the plan was made.
        protected: whether Neon protected the branch then.
        then: the databases as they are after the restore, as a branch of that moment showed them.
        begun: when it was first carried out; None: not yet.
        build: of the job that the backup before went on as; None if there is none.
        operations: of Neon, once the restore was asked for.
    """

    NOUN: ClassVar = "plan of a restore by Neon"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ProviderReportError
    SAFE: ClassVar = "The branch and all backups are untouched by it."
    INSTEAD: ClassVar = "ask for a new plan"

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    planned: UtcSecond
    action: Action
    at: UtcTime | None
    snapshot: _Id | None
    source: _Id | None
    project_id: _Id
    branch_id: _Id
    branch: str
    parent_id: _Id | None
    begins: str | None
    protected: bool
    then: tuple[DatabaseContents, ...]
    begun: UtcTime | None = None
    build: str | None = None
    operations: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Where it lies in the bucket."""
        return neon_plan_key(self.database)

    @property
    def id(self) -> str:
        """The id of the plan."""
        return time_id(self.planned)

    @property
    def identity(self) -> Identity:
        """The branch as it was when the plan was made."""
        return Identity(
            project_id=self.project_id,
            branch_id=self.branch_id,
            name=self.branch,
            parent_id=self.parent_id,
            begins=self.begins,
        )

    @property
    def kept_as(self) -> str:
        """The name of the branch that keeps what was live before."""
        return kept_name(self.branch, self.planned)

    @property
    def history_at(self) -> datetime | None:
        """The moment in the history of `source`; None is its end."""
        return None if self.snapshot else self.at

    @property
    def backup(self) -> BackupLocation:
        """The backup that is taken first: always the same, however often the event comes."""
        return BackupLocation(Tier.MANUAL, self.database, self.planned)

    @property
    def go_event(self) -> dict[str, object]:
        """The event that carries it out."""
        return {
            "action": self.action.value,
            "database": self.database,
            "plan": self.id,
            "execute": True,
            "confirm": self.branch,
        }


class NeonRestoreReport(Document):
    """What a restore by Neon came to. It is evidence, and is never replaced.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        planned: when its plan was begun, and so its identity.
        finished: when the branch had been compared.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        action: restore or undo.
        at: the moment that was restored; None for an undo.
        snapshot: id of the snapshot that had it; None if it was of the branch's history.
        project_id: of the project.
        branch_id: of the branch that was thrown back.
        branch: its name.
        kept_as: the branch that keeps what was live before.
        kept_id: its id; None if Neon did not show it.
        backup: id of the backup that was taken first; None if a person did without.
        verdict: whether the branch has what it had at that moment.
        differences: what differs from that moment.
    """

    NOUN: ClassVar = "report of a restore by Neon"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ProviderReportError
    SAFE: ClassVar = "The branch that it speaks of is not affected."
    INSTEAD: ClassVar = "look into the Neon console"

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    planned: UtcSecond
    finished: UtcTime
    run_id: str
    lifeboat_version: str
    action: Action
    at: UtcTime | None
    snapshot: _Id | None
    project_id: _Id
    branch_id: _Id
    branch: str
    kept_as: str
    kept_id: _Id | None
    backup: str | None
    verdict: Verdict
    differences: tuple[DatabaseDifference, ...]

    @property
    def key(self) -> str:
        """Where it lies in the bucket."""
        return neon_restore_key(self.database, self.planned)
