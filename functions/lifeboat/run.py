"""A run: one invocation from its event to its answer, and the context of its steps."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from lifeboat.errors import LifeboatError
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.progress import ProgressReporter
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.runtime.termination import ended_by_signals
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import DatabaseSettings, Settings


@dataclass(kw_only=True, eq=False, repr=False)
class Run(ABC):
    """A backup, a drill or a restore: what it works with, its progress, and its end.

    The handler creates it and passes it to every step. It is equal only to itself, and its repr
    shows none of its values.

    Attributes:
        SAFE: what no failure of such a run affects, unless the error says otherwise.
        run_id: of the invocation, for the log.
        started: in UTC.
        settings: of this database only.
        bucket: with the backups.
        programs: of PostgreSQL.
        read_login: reads the secret with this ARN and writes its CA certificates into this
            directory; it reads again at each call.
        remaining: returns the seconds until the run has to be over.
        phases: measures the time of each phase.
        progress: tells those who watch how far it has come.
        scope: ends the run; it exists from `begin` on.
    """

    SAFE: ClassVar[str]

    run_id: str
    started: datetime
    settings: Settings
    bucket: BackupBucket
    programs: Programs
    read_login: Callable[[str, Path], Login]
    remaining: Callable[[], float]
    phases: Stopwatch = field(default_factory=Stopwatch)
    progress: ProgressReporter = field(default_factory=ProgressReporter)
    scope: CancelScope = field(init=False)

    def __post_init__(self) -> None:
        """Tell of each phase that begins."""
        self.phases.on_change = lambda phase, begun: self.progress.step(phase, new=begun)

    @property
    def database(self) -> DatabaseSettings:
        """The database of the run."""
        return self.settings.databases[0]

    @contextmanager
    def begin(self) -> Iterator[None]:
        """The scope of the whole run: it ends when the time is up, or by a signal to the process.

        Raises:
            TerminatedError: the process was asked to end.
        """
        self.scope = CancelScope(self.remaining(), self.out_of_time)
        with ended_by_signals(self.scope.fail), self.scope:
            yield

    @abstractmethod
    def out_of_time(self) -> LifeboatError:
        """The error for a run that has to end here."""
