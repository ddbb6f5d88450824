"""What a backup claims about itself. Its manifest is written last, so its presence is the backup.

Version 1 of the schema. Raise `SCHEMA_VERSION` when a field changes its meaning or goes away; a
new field with a default needs no new version.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat

from lifeboat.errors import ManifestError
from lifeboat.model.aws import ObjectLock
from lifeboat.model.documents import Document
from lifeboat.model.inventory import Count, Frozen, Inventory, Source
from lifeboat.model.keys import DATABASE_NAME, LABEL, BackupLocation
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import UtcSecond, UtcTime


class StoredObject(Frozen):
    """One object in the vault, with what is needed to know it again byte for byte.

    Attributes:
        key: its key in the bucket.
        version_id: the version that was written, where the bucket is versioned.
        bytes: its size.
        sha256: of the whole object, 64 hexadecimal digits.
    """

    key: str
    version_id: str | None = None
    bytes: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Archive(Frozen):
    """The dump: a list of objects, so that an engine may one day write more than one.

    Attributes:
        format: "custom": one file of pg_dump, which stock pg_restore reads.
        compression: such as "zstd:1" or "gzip:6".
        pg_dump: the version of the pg_dump that wrote it.
        objects: in order; never empty.
    """

    format: Literal["custom"] = "custom"
    compression: str
    pg_dump: str
    objects: Annotated[tuple[StoredObject, ...], Field(min_length=1)]

    @property
    def bytes(self) -> int:
        """The size of all objects together."""
        return sum(stored.bytes for stored in self.objects)


class Retention(Frozen):
    """What was promised when the backup was written.

    Attributes:
        expires: S3 keeps it at least until then; None: forever.
        locked_until: nobody deletes it before (governance: nobody without that right).
        lock_mode: Object Lock's mode, or "off".
    """

    expires: UtcTime | None
    locked_until: UtcTime | None
    lock_mode: ObjectLock


class Manifest(Document):
    """Everything that a backup claims about itself; reading one raises `ManifestError`.

    A table takes a line of about 110 bytes. A manifest must never go cold, as listing and judging
    begin with it; so the lifecycle rules have to leave objects of a few MB alone.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        tier: which retention applies; also the first part of every key.
        scheduled_at: the backup's identity: the scheduled time, or the start of one on demand.
        label: what the person who started it calls it; data only, never part of a key.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        started: the run's start by the clock.
        finished: when everything but this manifest had been stored.
        engine: who wrote the archive; "function" is a single Lambda function.
        archive: the dump.
        globals: roles and their settings without passwords; None where the provider forbids it.
        notes: what a reader should know, such as why there are no globals.
        source: server, database and moment.
        inventory: what the snapshot held.
        retention: how long it stays.
        seconds: time taken by each phase, by its name.
        bytes_read: what the server sent for it, by all attempts of its run: what providers count
            as transfer. None in manifests that were written before it was counted.
    """

    NOUN: ClassVar = "manifest"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ManifestError
    SAFE: ClassVar = "The archive beside it may still be whole; other backups are not affected."
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
    engine: Literal["function"] = "function"
    archive: Archive
    globals: StoredObject | None = None
    notes: tuple[str, ...] = ()
    source: Source
    inventory: Inventory
    retention: Retention
    seconds: dict[str, NonNegativeFloat]
    bytes_read: Count | None = None

    @property
    def location(self) -> BackupLocation:
        """Where this backup lies, and thereby its identity."""
        return BackupLocation(self.tier, self.database, self.scheduled_at)

    @property
    def key(self) -> str:
        """Where the manifest lies in the vault."""
        return self.location.manifest_key

    @property
    def claims(self) -> tuple[StoredObject, ...]:
        """Every object that it names."""
        return (*self.archive.objects, *([self.globals] if self.globals else []))

    @property
    def stray(self) -> str | None:
        """The key of an object that it names and that lies in another backup's place."""
        keys = (stored.key for stored in self.claims)
        return next((key for key in keys if not key.startswith(self.location.prefix)), None)
