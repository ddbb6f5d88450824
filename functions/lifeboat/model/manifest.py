"""The manifest of a backup. A run writes it last: a backup exists if its manifest does.

Version 1 of the schema. Raise `SCHEMA_VERSION` when a field changes its meaning or goes away; a
new field with a default needs no new version.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat

from lifeboat.errors import ManifestError
from lifeboat.model.aws import ObjectLock
from lifeboat.model.documents import Document
from lifeboat.model.engine import Engine
from lifeboat.model.inventory import Count, Inventory, Source, StoredRecord
from lifeboat.model.keys import DATABASE_NAME, LABEL, BackupLocation
from lifeboat.model.source_branch import SourceBranch
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import UtcSecond, UtcTime


class StoredObject(StoredRecord):
    """One object in the bucket, with what identifies its exact bytes.

    Attributes:
        key: its key in the bucket.
        version_id: the version that was written, if the bucket has versioning.
        bytes: its size.
        sha256: of the whole object, 64 hexadecimal digits.
    """

    key: str
    version_id: str | None = None
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Archive(StoredRecord):
    """The dump: a list of objects, so that a later engine can write more than one.

    Attributes:
        format: "custom": one file of pg_dump, which standard pg_restore reads.
        compression: such as "zstd:1" or "gzip:6".
        pg_dump: the version of the pg_dump that wrote it.
        encoding: of its text, if that is the database's own and not UTF-8; None: UTF-8. In
            manifests from before this field existed, also None for SQL_ASCII.
        objects: in order; never empty.
        largest_row_bytes: of the longest row, as COPY writes it; the programs that read or write
            it need a multiple of it as memory. 0 without rows; None in manifests from before this
            field existed.
        largest_row_table: whose row that is, quoted where needed; None likewise.
    """

    format: Literal["custom"] = "custom"
    compression: str
    pg_dump: str
    encoding: str | None = None
    objects: Annotated[tuple[StoredObject, ...], Field(min_length=1)]
    largest_row_bytes: Count | None = None
    largest_row_table: str | None = None

    @property
    def bytes(self) -> int:
        """The size of all objects together."""
        return sum(stored.bytes for stored in self.objects)


class LargeObjectReads(StoredRecord):
    """What a run knew, before the dump, of the time that pg_dump needs for large objects.

    Attributes:
        objects: how many there are.
        bytes: of the table that holds them, with its dead rows.
        round_trip_seconds: of the fastest of several round trips to the server.
        seconds_left: that the run had for everything.
    """

    objects: Count
    bytes: Count
    round_trip_seconds: NonNegativeFloat
    seconds_left: NonNegativeFloat


class BackupRetention(StoredRecord):
    """The retention of a backup, as it was when the backup was written.

    Attributes:
        expires: S3 keeps the backup at least until then; None: forever.
        locked_until: nobody can delete it before (governance: nobody without a special right).
        lock_mode: Object Lock's mode, or "off".
    """

    expires: UtcTime | None
    locked_until: UtcTime | None
    lock_mode: ObjectLock


class Manifest(Document):
    """Everything about one backup; reading one raises `ManifestError`.

    Each table takes a line of about 110 bytes. A manifest must stay out of archive classes, because
    lists and checks begin with it. So lifecycle rules must not move objects of a few MB.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        tier: which retention applies; also the first part of every key.
        scheduled_at: identifies the backup: the scheduled time, or the start of a manual run.
        label: the name that a person gave to it; never part of a key.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        started: when the run began.
        finished: when everything except this manifest was stored.
        engine: what wrote the archive: a Lambda function, or a job.
        memory_mb: of the function or of the job's machine, and so a measure of its CPU; None in
            manifests from before this field existed.
        archive: the dump.
        globals: roles and their settings without passwords; None if the provider forbids them.
        notes: what a reader should know, such as why there are no globals.
        source: server, database and time of the data.
        inventory: the contents of the snapshot.
        retention: how long it is kept.
        seconds: duration of each phase, by its name.
        bytes_read: bytes that the server sent for it, in all attempts of its run; providers count
            them as transfer. None in manifests from before this field existed.
        large_object_reads: what large objects were expected to cost; None if there are few, and in
            manifests from before this field existed.
        branch: the branch that was read in the place of the database; None if the database itself
            was, and in manifests from before this field existed.
        branch_missing: why the database itself was read although the settings ask for a branch, in
            a sentence; None if they don't, or a branch was read.
    """

    NOUN: ClassVar = "manifest"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ManifestError
    SAFE: ClassVar = "The archive beside it may still be complete; other backups are not affected."
    INSTEAD: ClassVar = "use another backup"
    OLD_KEYS: ClassVar = frozenset({"slot", "lifeboat"})

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    tier: Tier
    scheduled_at: UtcSecond
    label: Annotated[str, Field(pattern=LABEL)] | None = None
    run_id: str
    lifeboat_version: str
    started: UtcTime
    finished: UtcTime
    engine: Engine = Engine.FUNCTION
    memory_mb: Count | None = None
    archive: Archive
    globals: StoredObject | None = None
    notes: tuple[str, ...] = ()
    source: Source
    inventory: Inventory
    retention: BackupRetention
    seconds: dict[str, NonNegativeFloat]
    bytes_read: Count | None = None
    large_object_reads: LargeObjectReads | None = None
    branch: SourceBranch | None = None
    branch_missing: Annotated[str, Field(max_length=1000)] | None = None

    @property
    def location(self) -> BackupLocation:
        """The backup's place in the bucket, which identifies it."""
        return BackupLocation(self.tier, self.database, self.scheduled_at)

    @property
    def own_encoding(self) -> str | None:
        """The encoding that a copy has to have, as the archive is in it; None: any like UTF-8."""
        sql_ascii = self.source.encoding == "SQL_ASCII"
        return self.source.encoding if sql_ascii else self.archive.encoding

    @property
    def key(self) -> str:
        """The manifest's key in the bucket."""
        return self.location.manifest_key

    @property
    def stored_objects(self) -> tuple[StoredObject, ...]:
        """Every object that it names."""
        return (*self.archive.objects, *([self.globals] if self.globals else []))

    @property
    def stray(self) -> str | None:
        """The key of an object that it names, but that belongs to another backup."""
        keys = (stored.key for stored in self.stored_objects)
        return next((key for key in keys if not key.startswith(self.location.prefix)), None)
