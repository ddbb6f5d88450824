"""One restore by Neon: its event, what it works with, and what is safe if it ends here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lifeboat.neon.client import NeonProject
from lifeboat.neon.policy.default_branch import default_branch
from lifeboat.neon.records import Branch
from lifeboat.neon_restore.policy.event import NeonRestoreEvent
from lifeboat.neon_restore.store import Store
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.progress import ProgressReporter
from lifeboat.settings import NeonDatabase

NOTHING_TOUCHED = "The branch and all backups are untouched."
"""What holds until Neon is asked to restore."""

LAST_SECONDS = 40.0
"""Kept for the end: to delete the branch that shows the past, and to store the report."""

type BackupInvoker = Callable[[dict[str, object], float], dict[str, object]]
"""Invokes the backup function of the database with an event, waits so many seconds, and gives its
answer."""


@dataclass(kw_only=True, eq=False, repr=False)
class NeonRestoreRun:
    """One answer to one event.

    Attributes:
        event: what the person asked for.
        run_id: of the invocation.
        started: in whole seconds of UTC: a plan's identity.
        database: where it is in Neon.
        neon: its project.
        store: the bucket.
        programs: of PostgreSQL.
        back_up: invokes the backup.
        folder: a private directory.
        remaining: returns the seconds until the run has to be over.
        progress: tells those who watch how far it has come.
        notes: what went wrong without ending the run.
        safe: what no failure from here on affects.
    """

    event: NeonRestoreEvent
    run_id: str
    started: datetime
    database: NeonDatabase
    neon: NeonProject
    store: Store
    programs: Programs
    back_up: BackupInvoker
    folder: Path
    remaining: Callable[[], float]
    progress: ProgressReporter = field(default_factory=ProgressReporter)
    notes: list[str] = field(default_factory=list)
    safe: str = NOTHING_TOUCHED

    def left(self) -> float:
        """Seconds for the work itself; the rest is for its end."""
        return max(0.0, self.remaining() - LAST_SECONDS)

    def branch(self) -> Branch:
        """The branch that the database is in, as it is now.

        Raises:
            ProviderError: Neon does not tell, or there is none.
        """
        where = self.database.neon
        if where.branch_id is not None:
            return self.neon.branch(where.branch_id)
        return default_branch(self.neon.branches(), where.project_id)
