"""Every error that Lifeboat raises on purpose, in one tree that says whose fault it is.

The kinds are those of who has to act: the configuration, the PostgreSQL server, storage, an
archive or document, capacity, time, the request, or what the function runs in. Which command met
the error is not in the tree: a backup, a drill and a restore raise the same ones.

The reader is tired and in a hurry, so an error answers three questions: what happened, what is
safe all the same, and what to do next. None of the three ever holds a secret: whoever builds an
error from a child's or a driver's words passes them through `lifeboat.model.redact` first.
"""

import signal
from enum import StrEnum
from typing import ClassVar, Self

_ALWAYS_SAFE = "Existing backups are untouched."
"""What holds wherever an error is raised: no function of Lifeboat can delete or change a backup."""

NOTHING_DEPLOYED = "Nothing was deployed or changed."
"""What is safe when a command fails that prepares a deployment."""


class LifeboatError(Exception):
    """Something that a person has to know about.

    Args:
        what: what happened, with the names and figures involved.
        todo: what to do next: a setting to change, a command to type, a statement to run.
        safe: what is not affected, where more is known of that than of any other error of the
            same command. Else the kind says it, or the command that ends by this error.
    """

    safe_by_default: ClassVar[str | None] = None
    """What is not affected, for kinds from which that follows whichever command meets them."""

    final: bool = False
    """Whether it is known that trying again, with nothing changed, ends the same way."""

    def __init__(self, what: str, *, todo: str, safe: str | None = None) -> None:
        self.what = what
        self.todo = todo
        self._safe = safe or self.safe_by_default
        super().__init__(what)

    @property
    def safe(self) -> str:
        """What is not affected; of an error that has ended no command yet, the least of it."""
        return self._safe or _ALWAYS_SAFE

    def ending(self, safe: str) -> Self:
        """The same error, as the end of a command.

        Args:
            safe: what is not affected by any failure of that command. It counts where neither the
                kind nor who raised the error has said anything.
        """
        self._safe = self._safe or safe
        return self

    def unsure(self, safe: str, look: str) -> Self:
        """The same error, where nobody knows whether what was asked for was done.

        Args:
            safe: says what is not known; it counts whatever the error itself would say.
            look: how to find out, which comes before what the error itself says to do.
        """
        self._safe = safe
        self.todo = f"{look} {self.todo}"
        return self

    def __str__(self) -> str:
        """The three answers, a line each: this is what Lambda reports as `errorMessage`.

        What happened may quote a program or a database, which must not write the other two.
        """
        what = " ".join(self.what.splitlines())
        return f"{what}\nSafe: {self.safe}\nNext: {self.todo}"


class ConfigurationError(LifeboatError):
    """The settings, the event or a secret has to be changed."""


class SettingsError(ConfigurationError):
    """The settings are missing or hold something senseless; raised at synth."""

    safe_by_default = NOTHING_DEPLOYED

    def __str__(self) -> str:
        """The three answers; what is wrong is a list, so each line of it stays a line.

        All but the first are indented: what somebody wrote into the settings begins no answer.
        """
        first, *rest = self.what.splitlines()
        listed = "".join(f"\n  {line.removeprefix('  ')}" for line in rest)
        return f"{first}{listed}\nSafe: {self.safe}\nNext: {self.todo}"


class EventError(ConfigurationError):
    """A function was invoked with an event that it cannot act on."""

    safe_by_default = "Nothing was started; existing backups are untouched."


class SecretError(ConfigurationError):
    """A secret is missing, unreadable or malformed."""


class EndpointError(ConfigurationError):
    """The connection string leads where a consistent dump is impossible, or isn't encrypted."""


class ServerError(LifeboatError):
    """A PostgreSQL server can't be reached, refuses something, or can't be used.

    A backup speaks to the source alone, and a drill or a restore to the server that is restored
    into, so the run tells which one it is.
    """


class ConnectFailure(StrEnum):
    """Why there is no connection, as far as somebody decides by it."""

    THIS_DATABASE = "this database"
    """It isn't there or doesn't let this role in; another one of the same server may."""
    OTHER = "other"


class ConnectError(ServerError):
    """The server could not be reached or refused the login.

    Args:
        reason: what kind of refusal it was.
        final: as in every error.
    """

    def __init__(
        self,
        what: str,
        *,
        todo: str,
        safe: str | None = None,
        reason: ConnectFailure = ConnectFailure.OTHER,
        final: bool = False,
    ) -> None:
        super().__init__(what, todo=todo, safe=safe)
        self.reason = reason
        self.final = final


class StatementError(ServerError):
    """The server refused a statement, or the connection broke."""


class TargetError(ServerError):
    """The server to restore into cannot be used for it, or not while others use its databases."""


class SourceError(ServerError):
    """The database to back up cannot be dumped as it is, or not at this moment."""


class UnsupportedServerError(SourceError):
    """The server's major version is outside of what the layer carries."""


class UnreadableError(SourceError):
    """The backup role cannot read everything, so a dump would fail or be incomplete."""


class LockWaitError(SourceError):
    """A table was locked exclusively for longer than a backup may wait."""


class LockQueueError(LockWaitError):
    """pg_dump's locks queued behind a statement that waits for the snapshot's own to go."""


class SchemaChangingError(SourceError):
    """Definitions changed while the snapshot was being taken, or dumped."""


class DefinitionsChangedError(SchemaChangingError):
    """Definitions changed while they were dumped: the archive would be of no moment that was."""


class DumpError(SourceError):
    """pg_dump failed or ended before it was done."""


class RowsLostError(SourceError):
    """A table of the database has fewer rows than its index, or looks like it."""


class InventoryError(SourceError):
    """The inventory of the database could not be taken in the dump's snapshot."""


class StorageError(LifeboatError):
    """S3 refused or failed to list, to read or to store something."""


class AlreadyTakenError(StorageError):
    """Another run was first: it stored an archive for the same time, or an object of this key."""


class ArchivedError(StorageError):
    """The backup lies in a storage class that has to be thawed before it can be read."""


class ArchiveError(LifeboatError):
    """A backup is missing, or is not what it has to be."""


class NoBackupError(ArchiveError):
    """There is no backup that this request could mean."""


class DecodeError(ArchiveError):
    """pg_restore could not decode an archive, be it while it is stored or later."""

    killed: bool = False
    """Whether it was killed, as the kernel does for want of memory: no word about the archive."""


class RowsDifferError(ArchiveError):
    """The rows in the archive are not the rows in the snapshot."""


class VerificationError(ArchiveError):
    """A backup did not pass its drill, or what a restore brought back is not what was backed up."""


class DocumentError(LifeboatError):
    """A document of Lifeboat's own cannot be read: damaged, or written by a newer Lifeboat."""


class ManifestError(DocumentError):
    """A manifest cannot be read, or has lost its archive."""


class ReportError(DocumentError):
    """A drill's or a restore's report cannot be read."""


class AttemptError(DocumentError):
    """The record of a run cannot be read."""


class ProviderReportError(DocumentError):
    """The report of what a provider says about a database cannot be read."""


class StateError(DocumentError):
    """The monitor's state cannot be read."""


class CapacityError(LifeboatError):
    """The backup needs more disk, memory or time than the function or the server has."""


class OutgrownError(CapacityError):
    """The run needs more time than what it runs in has. A function may hand it over to a job.

    Args:
        expected_seconds: how long it would take, if that is known.
    """

    def __init__(
        self,
        what: str,
        *,
        todo: str,
        safe: str | None = None,
        expected_seconds: float | None = None,
    ) -> None:
        super().__init__(what, todo=todo, safe=safe)
        self.expected_seconds = expected_seconds


class JobNotStartedError(CapacityError):
    """The run doesn't fit into a function, and CodeBuild did not start a job for it."""


class TimeLimitError(LifeboatError):
    """The time of the function or job would have run out; the run was ended cleanly before."""


class TerminatedError(LifeboatError):
    """A signal has asked the process to end; the run was ended cleanly.

    Args:
        number: the signal's.
    """

    def __init__(
        self, what: str, *, todo: str, safe: str | None = None, number: int = signal.SIGTERM
    ) -> None:
        super().__init__(what, todo=todo, safe=safe)
        self.number = number

    @property
    def exit_code(self) -> int:
        """Of the process that it ends: 128 and the signal's number, as in a shell."""
        return 128 + self.number


class RefusedError(LifeboatError):
    """What was asked for would not be safe, or can't work here; nothing was touched."""

    safe_by_default = "Nothing was touched: not the live database, not the backups."


class NotificationError(LifeboatError):
    """A notification did not get out to people, or nobody receives them."""

    safe_by_default = "Backups and drills run without notifications."


class ProviderError(LifeboatError):
    """The API of a database's provider, such as Neon's, refused something.

    A kind of its own has what somebody decides by; the rest is of this one. None says what is
    safe, for that depends on the command: a backup may need the API, or not.
    """


class ProviderKeyError(ProviderError):
    """The provider does not accept the API key: it is wrong, revoked or malformed."""


class ProviderRightError(ProviderError):
    """The API key is valid, but may not do this."""


class ProviderGoneError(ProviderError):
    """There is no such project, branch or operation, or none in the account of the key."""


class ProviderLimitError(ProviderError):
    """A limit of the plan, or a quota of the project, does not allow it."""


class ProviderBusyError(ProviderError):
    """The provider asks for patience (too many requests, other operations), and time was up."""


class ProviderDownError(ProviderError):
    """The provider's API can't be reached, doesn't answer, or answers that it is broken."""


class ProviderContractError(ProviderError):
    """The provider's answer is not what its contract says: the contract has changed."""


class ProviderOperationError(ProviderError):
    """The provider began what was asked for, and failed."""


class BranchError(LifeboatError):
    """A run could not get the branch that it was to read, or to restore into."""


class StaleStatusError(LifeboatError):
    """The monitor has not written the status page for two of its intervals."""


class PlatformError(LifeboatError):
    """What the code runs in, or was built into, lacks something or doesn't work."""


class LayerError(PlatformError):
    """A Lambda layer or a local PostgreSQL could not be built, or would not work where it runs."""

    safe_by_default = NOTHING_DEPLOYED


class ProgramMissingError(PlatformError):
    """A PostgreSQL program is not where the layer should have put it."""


class ScratchServerError(PlatformError):
    """The throw-away PostgreSQL did not start, or died."""


class JailError(PlatformError):
    """A program that reads what lies inside of a backup could not be jailed, so the run ended."""

    safe_by_default = (
        "Existing backups and the live database are untouched; the run's result was not used."
    )


class HiddenMemoryError(PlatformError):
    """The function's own memory, and its credentials, could not be hidden from its children."""

    safe_by_default = "Nothing was started; existing backups are untouched."


class UnexpectedError(LifeboatError):
    """An error that nobody foresaw; the function's log has its details."""
