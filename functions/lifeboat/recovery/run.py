"""What bringing one backup back needs and finds out, be it for a drill or in earnest."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lifeboat.model.drill_report import Check, Outcome, TableResult
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import line
from lifeboat.postgres.connect import Connection, open_again
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER, Account
from lifeboat.recovery.policy.verdict import told
from lifeboat.recovery.scratch import Scratch
from lifeboat.run import Run
from lifeboat.s3.bucket import Protection


@dataclass(kw_only=True, eq=False, repr=False)
class RecoveryRun(Run):
    """A run that brings a backup back, as the steps that drills and restores share know it.

    Attributes:
        memory_mb: of the function.
        place: where the run's directory is made; None for the system's temporary directory.
        scratch: the run's directory.
        login: to a database of the server restored into that is there already, as who makes and
            drops databases.
        major: of the server, and so of the pg_restore to be used; where there is no server, of the
            backup.
        checks: what was checked so far, in that order.
        tables: compared so far.
    """

    memory_mb: int
    place: Path | None = None
    scratch: Scratch = field(init=False)
    login: Login = field(init=False)
    major: int = field(init=False)
    checks: list[Check] = field(default_factory=list)
    tables: tuple[TableResult, ...] = ()

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """What the backup claims, once it has been found."""

    @property
    @abstractmethod
    def copy_name(self) -> str:
        """Of the database that is restored into; tells whose it is, and of when."""

    @property
    @abstractmethod
    def jobs(self) -> int:
        """Of pg_restore, at the same time."""

    @property
    @abstractmethod
    def owners(self) -> bool:
        """Whether owners and grants are restored, for which all roles have to be there."""

    @property
    def restorer(self) -> Login:
        """As who restores."""
        return self.login

    @property
    def reader(self) -> Login:
        """As who compares and asks."""
        return self.login

    @property
    def account(self) -> Account:
        """Whom programs run as that change the server."""
        return CALLER

    @property
    def archive(self) -> Path:
        """Where the archive is fetched to."""
        return self.scratch.path / "archive.dump"

    @abstractmethod
    def translated(self, login: Login) -> AbstractContextManager[None]:
        """Raise what the driver raises in the block as the run's own error about the server."""

    def session(self, database: str | None = None) -> AbstractContextManager[Connection]:
        """A connection to one of the server's databases, which is cut when the run ends.

        Raises:
            LifeboatError: it can't be had, or the server refused a statement; see `translated`.
        """
        return self._session(self.login.to(database) if database else self.login)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to the restored copy, in which its code has no more than a reader's rights.

        Raises:
            LifeboatError: as `session`.
        """
        return self._session(self.reader.to(self.copy_name))

    @contextmanager
    def _session(self, login: Login) -> Iterator[Connection]:
        with (
            self.translated(login),
            closing(open_again(login, keep=self.watch.connection)) as connection,
        ):
            yield connection

    def protection(self) -> Protection:
        """How reports and exports are encrypted; they are no backups, so nothing locks them."""
        return Protection(kms_key=self.settings.kms_key)

    def note(
        self,
        name: str,
        failures: tuple[str, ...],
        untested: tuple[str, ...] = (),
        *,
        notes: tuple[str, ...] = (),
    ) -> bool:
        """Add a check, see `check_of`; whether it did not fail."""
        self.checks.append(check_of(name, failures, untested, notes=notes))
        return not failures


def check_of(
    name: str,
    failures: tuple[str, ...],
    untested: tuple[str, ...] = (),
    *,
    notes: tuple[str, ...] = (),
) -> Check:
    """A check: failed for these reasons, else untested for those, else passed.

    Args:
        name: of the check.
        failures: what is wrong.
        untested: what could not be told.
        notes: what else a reader should know, whatever the outcome is.
    """
    outcome = Outcome.FAILED if failures else Outcome.UNTESTED if untested else Outcome.PASSED
    # They may quote what was restored.
    details = told(tuple(map(line, failures + untested + notes)))
    return Check(name=name, outcome=outcome, details=details, found=len(failures or untested))
