"""What every run is: one invocation from its event to its answer, and the context of its steps."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lifeboat.errors import LifeboatError
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.watch import Watch
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.s3.bucket import Vault
from lifeboat.settings import DatabaseSettings, Settings


@dataclass(kw_only=True, eq=False, repr=False)
class Run(ABC):
    """A backup, a drill or a restore: what it works with, where it stands, and what ends it.

    The handler makes it, and every step takes it. It is equal to itself alone, and shows nothing of
    what it holds where somebody logs it.

    Attributes:
        run_id: the invocation's, for the log.
        started: when, in UTC.
        settings: of this database alone.
        vault: the bucket.
        programs: of PostgreSQL.
        read_login: reads the secret of that ARN, writing its CA certificates into that directory;
            anew at each call.
        remaining: seconds until the run has to be over.
        phases: where the time goes.
        watch: ends the run; it is there from `begin` on.
    """

    run_id: str
    started: datetime
    settings: Settings
    vault: Vault
    programs: Programs
    read_login: Callable[[str, Path], Login]
    remaining: Callable[[], float]
    phases: Stopwatch = field(default_factory=Stopwatch)
    watch: Watch = field(init=False)

    @property
    def database(self) -> DatabaseSettings:
        """The one database that the run is about."""
        return self.settings.databases[0]

    def begin(self) -> Watch:
        """Let the run's time be kept in the block that this is the context of."""
        self.watch = Watch(self.remaining(), self.out_of_time)
        return self.watch

    @abstractmethod
    def out_of_time(self) -> LifeboatError:
        """The error for a run that has to end here."""
