"""Every error that Lifeboat raises on purpose, in one tree.

The reader is tired and in a hurry, so an error answers three questions: what happened, what is
safe all the same, and what to do next. None of the three ever holds a secret: whoever builds an
error from a child's or a driver's words passes them through `lifeboat.postgres.redact` first.
"""

from enum import StrEnum
from typing import ClassVar


class LifeboatError(Exception):
    """Something that a person has to know about.

    Args:
        what: what happened, with the names and figures involved.
        todo: what to do next: a setting to change, a command to type, a statement to run.
        safe: what is not affected; each class has a default for its own kind.
    """

    safe_by_default: ClassVar[str] = "Existing backups are untouched."

    final: bool = False
    """Whether it is known that trying again, with nothing changed, ends the same way."""

    def __init__(self, what: str, *, todo: str, safe: str | None = None) -> None:
        self.what = what
        self.todo = todo
        self.safe = safe or self.safe_by_default
        super().__init__(what)

    def __str__(self) -> str:
        """The three answers, a line each: this is what Lambda reports as `errorMessage`.

        What happened may quote a program or a database, which must not write the other two.
        """
        what = " ".join(self.what.splitlines())
        return f"{what}\nSafe: {self.safe}\nNext: {self.todo}"


class SettingsError(LifeboatError):
    """The settings are missing or hold something senseless; raised at synth."""

    safe_by_default = "Nothing was deployed or changed."

    def __str__(self) -> str:
        """The three answers; what is wrong is a list, so each line of it stays a line.

        All but the first are indented: what somebody wrote into the settings begins no answer.
        """
        first, *rest = self.what.splitlines()
        listed = "".join(f"\n  {line.removeprefix('  ')}" for line in rest)
        return f"{first}{listed}\nSafe: {self.safe}\nNext: {self.todo}"


class LayerError(LifeboatError):
    """A Lambda layer or a local PostgreSQL could not be built, or would not work where it runs."""

    safe_by_default = "Nothing was deployed or changed."


class EventError(LifeboatError):
    """A function was invoked with an event that it cannot act on."""

    safe_by_default = "Nothing was started; existing backups are untouched."


class JailError(LifeboatError):
    """A program that reads what lies inside of a backup could not be jailed, so the run ended."""

    safe_by_default = (
        "Existing backups and the live database are untouched; the run's result was not used."
    )


class HiddenMemoryError(LifeboatError):
    """The function's own memory, and its credentials, could not be hidden from its children."""

    safe_by_default = "Nothing was started; existing backups are untouched."


class BackupError(LifeboatError):
    """A backup was not taken. No manifest was written, so nothing claims to be a backup."""

    safe_by_default = (
        "No backup was published by this run; earlier backups and the database are untouched."
    )


class SecretError(BackupError):
    """The database's secret is missing, unreadable or malformed."""


class EndpointError(BackupError):
    """The connection string leads where a consistent dump is impossible, or isn't encrypted."""


class ConnectFailure(StrEnum):
    """Why there is no connection, as far as somebody decides by it."""

    THIS_DATABASE = "this database"
    """It isn't there or doesn't let this role in; another one of the same server may."""
    OTHER = "other"


class ConnectError(BackupError):
    """The database could not be reached or refused the login.

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


class UnsupportedServerError(BackupError):
    """The server's major version is outside of what the layer carries."""


class UnreadableError(BackupError):
    """The backup role cannot read everything, so a dump would fail or be incomplete."""


class LockWaitError(BackupError):
    """A table was locked exclusively for longer than a backup may wait."""


class LockQueueError(LockWaitError):
    """pg_dump's locks queued behind a statement that waits for the snapshot's own to go."""


class SchemaChangingError(BackupError):
    """Definitions changed while the snapshot was being taken, or dumped."""


class DefinitionsChangedError(SchemaChangingError):
    """Definitions changed while they were dumped: the archive would be of no moment that was."""


class ProgramMissingError(BackupError):
    """A PostgreSQL program is not where the layer should have put it."""


class DumpError(BackupError):
    """pg_dump failed or ended before it was done."""


class DecodeError(BackupError):
    """pg_restore could not decode the very bytes that were being stored."""


class RowsDifferError(BackupError):
    """The rows in the archive are not the rows in the snapshot."""


class InventoryError(BackupError):
    """The inventory of the database could not be taken in the dump's snapshot."""


class VaultError(BackupError):
    """S3 refused or failed to store something."""


class AlreadyTakenError(BackupError):
    """Another run was first: it stored an archive for the same time, or an object of this key."""


class OutOfTimeError(BackupError):
    """The function's time would have run out; the run was ended cleanly before."""


class ManifestError(LifeboatError):
    """A manifest cannot be read: damaged, or written by a newer Lifeboat."""


class ReportError(LifeboatError):
    """A drill's report cannot be read: damaged, or written by a newer Lifeboat."""


class AttemptError(LifeboatError):
    """The record of a run cannot be read: damaged, or written by a newer Lifeboat."""


class StateError(LifeboatError):
    """The monitor's state cannot be read: damaged, or written by a newer Lifeboat."""


class MonitorError(LifeboatError):
    """The monitor could not look, tell or remember; what it says about backups may be old."""

    safe_by_default = "Backups and drills run without the monitor; it only looks."


class NotificationError(MonitorError):
    """A message did not get out to people."""


class VaultReadError(LifeboatError):
    """S3 refused or failed to list or to read something."""

    safe_by_default = "Nothing was changed: this run only read."


class DrillError(LifeboatError):
    """A drill could not be held, or not to its end. It says nothing about the backup."""

    safe_by_default = "A drill only reads backups: they and the database are untouched."


class NoBackupError(DrillError):
    """There is no backup that this request could mean."""


class ArchivedError(DrillError):
    """The backup lies in a storage class that has to be thawed before it can be read."""


class DoesNotFitError(DrillError):
    """The backup needs more disk, memory or time than the function has."""


class ScratchServerError(DrillError):
    """The throw-away PostgreSQL did not start, or died."""


class TargetError(DrillError):
    """The server given to restore into cannot be used for it."""


class DrillTimeError(DrillError):
    """The function's time would have run out; the drill was ended cleanly before."""


class DrillFailedError(DrillError):
    """The backup did not pass its drill."""


class RestoreError(LifeboatError):
    """A backup was not brought back, or not to the end. What was live is as it was."""

    safe_by_default = "The live database and all backups are untouched."


class RestoreRefusedError(RestoreError):
    """What was asked for would not be safe, or can't work here; nothing was touched."""

    safe_by_default = "Nothing was touched: not the live database, not the backups."


class RestoreTargetError(RestoreError):
    """The server to restore into can't be reached, or refused something."""


class RestoreTimeError(RestoreError):
    """The function's time would have run out; the restore was ended cleanly before."""


class RestoreFailedError(RestoreError):
    """What came back is not what was backed up."""


class SwapError(RestoreError):
    """The databases were not swapped; both have the names that they had."""
