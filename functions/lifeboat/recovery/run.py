"""What a drill or a restore of one backup works with and finds out."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from lifeboat.errors import ServerError
from lifeboat.model.drill_report import Check, Outcome, TableResult
from lifeboat.model.engine import Engine
from lifeboat.model.hand_over import HandOver
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import line
from lifeboat.postgres.account import Account
from lifeboat.postgres.connect import Connection, ServerRole, open_again, speaking_to
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Programs
from lifeboat.recovery.policy.finding import first_details
from lifeboat.recovery.policy.move import Move
from lifeboat.recovery.scratch import Scratch
from lifeboat.run import Run
from lifeboat.runtime.hand_over import JobStarter
from lifeboat.s3.bucket import Protection
from lifeboat.s3.report_lock import locked_for
from lifeboat.settings import Work
from lifeboat.settings.lifecycle import REPORT_DAYS


@dataclass(kw_only=True, eq=False, repr=False)
class RecoveryRun(Run):
    """A run that restores a backup: what the shared steps of drills and restores use.

    Attributes:
        WORK: the kind of run, as the settings call it.
        memory_mb: of the function, or of the job's machine.
        engine: what it runs in.
        starter: starts the job that goes on with the run if it doesn't fit into the function; None
            if there is no such job, or if this is it.
        place: the parent of the run's directory; None for the system's temporary directory.
        scratch: the run's directory.
        login: to an existing database of the target server, as a role that may create and drop
            databases.
        major: of the server, and so of pg_restore; without a server, of the backup.
        checks: so far, in order.
        tables: compared so far.
        cures: what cures the source, if a restore of its backups fails by its own fault.
    """

    WORK: ClassVar[Work]

    memory_mb: int
    engine: Engine = Engine.FUNCTION
    starter: JobStarter | None = None
    place: Path | None = None
    scratch: Scratch = field(init=False)
    login: Login = field(init=False)
    major: int = field(init=False)
    checks: list[Check] = field(default_factory=list)
    tables: tuple[TableResult, ...] = ()
    cures: tuple[str, ...] = ()

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """The backup's manifest, once the backup has been chosen."""

    @property
    @abstractmethod
    def copy_name(self) -> str:
        """Name of the database to restore into; it shows whose it is, and when it was made."""

    @property
    @abstractmethod
    def jobs(self) -> int:
        """Number of pg_restore's workers."""

    @property
    @abstractmethod
    def owners(self) -> bool:
        """Whether owners and grants are restored, which needs all roles."""

    @property
    def restorer(self) -> Login:
        """The login that restores."""
        return self.login

    @property
    def reader(self) -> Login:
        """The login that compares and runs validation queries."""
        return self.login

    @property
    def account(self) -> Account:
        """The user that programs run as that read the archive or the copy; not root."""
        return self.scratch.account

    def bring_programs_within_reach(self) -> None:
        """See to it that the account can run the programs of the backup's and the server's major.

        Where only root gets to them, they are copied: those of two majors and not of all.
        """
        needed = (str(self.manifest.source.major), str(self.major))
        self.programs = Programs(self.scratch.within_reach(self.programs.root, needed))

    @property
    def archive(self) -> Path:
        """Where the archive is fetched to."""
        return self.scratch.path / "archive.dump"

    @property
    @abstractmethod
    def server_role(self) -> ServerRole:
        """What the server is to the run, in the words of its errors."""

    def require_alive(self) -> None:
        """Raise when the server is known to have died; a foreign server is not known to."""

    def session(self, database: str | None = None) -> AbstractContextManager[Connection]:
        """A connection to one of the server's databases; it is shut down when the run ends.

        Raises:
            ServerError: it can't be had, or the server refused a statement.
            LifeboatError: see `require_alive`.
        """
        return self._session(self.login.to(database) if database else self.login)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to the restored copy, whose code gets only a reader's rights.

        Raises:
            LifeboatError: as `session`.
        """
        return self._session(self.reader.to(self.copy_name))

    @contextmanager
    def _session(self, login: Login) -> Iterator[Connection]:
        try:
            with (
                speaking_to(login, self.server_role),
                closing(open_again(login, register=self.scope.add_connection)) as connection,
            ):
                yield connection
        except ServerError:
            self.require_alive()
            raise

    def hand_over(self, move: Move, event: Mapping[str, object]) -> HandOver:
        """Start the job that goes on with this run.

        Args:
            move: why, and how long it will take.
            event: that the job gets.

        Raises:
            JobNotStartedError: CodeBuild did not start it.
        """
        if self.starter is None:
            raise AttributeError("This run can't be handed over.")
        return self.starter.start(event, move.reason, move.seconds)

    def protection(self) -> Protection:
        """How exports are encrypted; unlike backups and reports, they aren't locked."""
        return Protection(kms_key=self.settings.kms_key)

    def report_protection(self) -> Protection:
        """How reports are encrypted and locked: they are evidence, so nobody may change them."""
        settings = self.settings
        return locked_for(settings.kms_key, settings.object_lock, self.started, REPORT_DAYS)

    def add_check(
        self,
        name: str,
        failures: tuple[str, ...],
        untested: tuple[str, ...] = (),
        *,
        notes: tuple[str, ...] = (),
    ) -> bool:
        """Add a check, see `make_check`. Returns whether it did not fail."""
        return self.add_checks(make_check(name, failures, untested, notes=notes))

    def add_checks(self, *checks: Check) -> bool:
        """Add checks. Returns whether none of them failed."""
        self.checks += checks
        return all(check.outcome is not Outcome.FAILED for check in checks)


def make_check(
    name: str,
    failures: tuple[str, ...],
    untested: tuple[str, ...] = (),
    *,
    notes: tuple[str, ...] = (),
) -> Check:
    """A check: failed if there are failures, else untested if anything is untested, else passed.

    Args:
        name: of the check.
        failures: what is wrong.
        untested: what could not be tested.
        notes: what else a reader should know, whatever the outcome is.
    """
    outcome = Outcome.FAILED if failures else Outcome.UNTESTED if untested else Outcome.PASSED
    # They may quote hostile text from the restored database.
    details = first_details(tuple(map(line, failures + untested + notes)))
    return Check(name=name, outcome=outcome, details=details, found=len(failures or untested))
