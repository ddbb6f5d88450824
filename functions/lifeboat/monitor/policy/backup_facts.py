"""What judging keeps of a manifest: a few figures, however many tables the database has."""

from dataclasses import dataclass
from datetime import datetime

from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import StoredObject
from lifeboat.monitor.policy.table_losses import Losses


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupFacts:
    """One backup, as its manifest claims it.

    Attributes:
        location: where it lies, and so its identity.
        shows: the moment that it shows.
        seconds: that it took.
        archive: the objects of the archive.
        globals: roles and their settings; None where there are none.
        compression: of the archive.
        pg_dump: the version of the program that wrote it.
        server_version: as the server calls itself.
        expires: S3 keeps it at least until then; None: forever.
        database_bytes: of the source.
        lsn: where the write-ahead log stood, where the server tells.
        rows: in the archive.
        excluded: a digest of the names of tables whose rows are left out.
        content: a digest of everything by which a change would be seen.
        shows_changes: whether one would be seen: counts stay the same when rows are updated.
        bytes_read: what the server sent for it; None where that was not counted.
        provider: who runs the server, where that matters for what transfer costs.
        endpoint: a digest of the server's host and port, where the manifest has one.
        losses: what was lost since the whole backup before it; None where that was long ago.
    """

    location: BackupLocation
    shows: datetime
    seconds: float
    archive: tuple[StoredObject, ...]
    globals: StoredObject | None
    compression: str
    pg_dump: str
    server_version: str
    expires: datetime | None
    database_bytes: int
    lsn: str | None
    rows: int
    excluded: bytes
    content: bytes
    shows_changes: bool
    bytes_read: int | None = None
    provider: str | None = None
    endpoint: str | None = None
    losses: Losses | None = None

    @property
    def key(self) -> str:
        """Of its manifest."""
        return self.location.manifest_key

    @property
    def bytes(self) -> int:
        """The size of the archive."""
        return sum(stored.bytes for stored in self.archive)

    @property
    def stored_objects(self) -> tuple[StoredObject, ...]:
        """Every object that it names."""
        return (*self.archive, *([self.globals] if self.globals else []))
