"""What the backup function answers."""

from datetime import timedelta

from lifeboat.backup.policy.large_objects import warnings as large_object_warnings
from lifeboat.model.answers import Answer
from lifeboat.model.commands import copy_backup
from lifeboat.model.manifest import Archive, Manifest
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import WholeSecond
from lifeboat.settings import Settings
from lifeboat.settings.allowance import TransferForecast
from lifeboat.settings.row_memory import row_memory


class BackupAnswer(Answer):
    """The backup that there is now.

    Attributes:
        backup: its id, as other events take it.
        database: as in the event.
        tier: which retention applies.
        scheduled_at: the time that it is for: the scheduled one, or the start of a backup on
            demand.
        label: as in the event; null where it has none.
        created: whether this invocation took it. false: there was a backup for this time already,
            and the answer is about that one.
        tables: how many are in it.
        rows: in all of them.
        archive_bytes: size of the archive.
        sha256: of each of the archive's objects, by its key.
        seconds: it took.
        notes: what a reader of the backup should know.
        warnings: what will be a problem if nothing is done about it.
        bytes_read: what the database's server sent for it; null where that was not counted.
        bytes_read_per_month: the same for a month, by the schedule; null as above.
        s3_uri: where its objects are.
        next_command: fetches it by the AWS CLI and lists what is in it.
    """

    backup: str
    database: str
    tier: Tier
    scheduled_at: WholeSecond
    label: str | None
    created: bool
    tables: int
    rows: int
    archive_bytes: int
    sha256: dict[str, str]
    seconds: float
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    bytes_read: int | None
    bytes_read_per_month: int | None
    s3_uri: str
    next_command: str


def answer_of(
    manifest: Manifest,
    bucket: str,
    *,
    created: bool,
    transfer: TransferForecast,
    settings: Settings,
) -> BackupAnswer:
    """What a person wants to know first of a backup.

    Args:
        manifest: of the backup.
        bucket: in which it is.
        created: whether this run took it.
        transfer: what backups read from the server.
        settings: of the functions.
    """
    prefix = manifest.location.prefix
    return BackupAnswer(
        backup=manifest.location.id,
        database=manifest.database,
        tier=manifest.tier,
        scheduled_at=manifest.scheduled_at,
        label=manifest.label,
        created=created,
        tables=len(manifest.inventory.tables),
        rows=manifest.inventory.rows,
        archive_bytes=manifest.archive.bytes,
        sha256={stored.key: stored.sha256 for stored in manifest.archive.objects},
        seconds=round((manifest.finished - manifest.started) / timedelta(seconds=1), 3),
        notes=manifest.notes,
        warnings=(
            *transfer.warnings,
            *large_object_warnings(manifest.large_object_reads),
            *_row_warnings(manifest.archive, settings),
        ),
        bytes_read=transfer.bytes_read,
        bytes_read_per_month=transfer.bytes_read_per_month,
        s3_uri=f"s3://{bucket}/{prefix}",
        next_command=f"{copy_backup(bucket, prefix)} && pg_restore --list archive.dump",
    )


def _row_warnings(archive: Archive, settings: Settings) -> tuple[str, ...]:
    """What the archive's largest row means for the memory of the functions that run by schedule."""
    row = archive.largest_row_bytes, archive.largest_row_table
    short = (
        row_memory("backup", settings.backup.memory_mb, *row),
        row_memory("drill", settings.drill.memory_mb, *row) if settings.drill.enabled else None,
    )
    return tuple(each.warning for each in short if each)
