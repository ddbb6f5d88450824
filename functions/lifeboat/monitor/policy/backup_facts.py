"""The part of a manifest that checks need: small, however many tables the database has."""

from dataclasses import dataclass
from datetime import datetime

from lifeboat.model.engine import Engine
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import StoredObject
from lifeboat.monitor.policy.table_losses import Losses


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupFacts:
    """One backup, by its manifest.

    Attributes:
        location: its place in the bucket, which identifies it.
        data_as_of: the time of its data.
        seconds: that it took.
        archive: the objects of the archive.
        globals: roles and their settings; None if there are none.
        compression: of the archive.
        pg_dump: the version of the program that wrote it.
        server_version: the server's own version text.
        standby: whether the server was a hot standby.
        expires: S3 keeps it at least until then; None: forever.
        database_bytes: of the source.
        lsn: the position of the write-ahead log, if the server tells it.
        rows: in the archive.
        excluded: a digest of the names of tables whose rows are excluded.
        content: a digest of everything that shows a change.
        detects_changes: whether `content` shows every change; row counts alone miss updates.
        bytes_read: bytes that the server sent for it; None if they were not counted.
        provider: who runs the server, if the provider limits or bills transfer.
        endpoint: a digest of the server's host and port, if the manifest has one.
        largest_row_bytes: as COPY writes it; None if the manifest doesn't say.
        largest_row_table: whose row that is, quoted where needed.
        losses: rows lost since the complete backup before it; None if they were not compared.
        engine: what it was taken in.
        branch_missing: why the database itself was read and no branch; None if that is as wanted.
    """

    location: BackupLocation
    data_as_of: datetime
    seconds: float
    archive: tuple[StoredObject, ...]
    globals: StoredObject | None
    compression: str
    pg_dump: str
    server_version: str
    standby: bool
    expires: datetime | None
    database_bytes: int
    lsn: str | None
    rows: int
    excluded: bytes
    content: bytes
    detects_changes: bool
    bytes_read: int | None = None
    provider: str | None = None
    endpoint: str | None = None
    largest_row_bytes: int | None = None
    largest_row_table: str | None = None
    losses: Losses | None = None
    engine: Engine = Engine.FUNCTION
    branch_missing: str | None = None

    @property
    def key(self) -> str:
        """The key of its manifest."""
        return self.location.manifest_key

    @property
    def bytes(self) -> int:
        """The size of the archive."""
        return sum(stored.bytes for stored in self.archive)

    @property
    def stored_objects(self) -> tuple[StoredObject, ...]:
        """Every object that it names."""
        return (*self.archive, *([self.globals] if self.globals else []))
