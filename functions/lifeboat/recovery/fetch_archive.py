"""Fetches an archive and compares it with its manifest before any program reads it."""

from lifeboat.errors import CapacityError, DecodeError
from lifeboat.model.drill_report import Check
from lifeboat.model.manifest import StoredObject
from lifeboat.model.row_counts import compare_rows, different_content
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.decoder import Decoder
from lifeboat.recovery.archive_toc import edit_definitions
from lifeboat.recovery.policy.attver import HOLDERS, without_attver
from lifeboat.recovery.run import RecoveryRun, make_check
from lifeboat.s3.bucket import BackupBucket
from lifeboat.s3.download import Fetched, download
from lifeboat.s3.read import newest_version
from lifeboat.settings.size_names import size_setting

_PIECE = 1 << 20
_MAX_NAMED = 10


def fetch_archive(run: RecoveryRun) -> tuple[Check, ...]:
    """Download the archive. The checks say whether it is byte for byte the manifest's.

    Raises:
        ArchivedError: it has to be thawed first.
        StorageError: S3 refused or failed.
    """
    objects, bucket, scope = run.manifest.archive.objects, run.bucket, run.scope
    size = 0

    def arrived(count: int) -> None:
        nonlocal size
        scope.check()
        size += count
        run.progress.update(size=size)

    found = scope.call(lambda: download(bucket, objects, run.archive, arrived))
    differences = tuple(
        difference
        for stored, fetched in zip(objects, found, strict=False)  # none after one of another size
        if (difference := _difference(stored, fetched))
    )
    overwritten = scope.call(lambda: _overwritten(bucket, objects))
    return make_check("checksum", differences), make_check("version", overwritten)


def decode_archive(run: RecoveryRun) -> Check:
    """Decode the whole archive. The check says whether it has the rows that the manifest lists.

    Raises:
        CapacityError: the decoder was killed.
        LifeboatError: the run was ended for another reason.
    """
    inventory = run.manifest.inventory
    try:
        counted = _decoded(run)
    except DecodeError as error:
        run.scope.check()
        if error.killed:
            raise CapacityError(
                f"Decoding ran out of memory, which says nothing about the backup: {error.what}",
                todo=f"Raise {size_setting(run.engine, run.WORK, 'memory')} in lifeboat.toml, then:"
                " make deploy. Then send the event again.",
            ) from None
        return make_check("decode", (error.what,))
    differences = [
        str(each) for each in compare_rows(inventory.tables, counted.rows, source="manifest")
    ]
    if counted.large_objects != inventory.large_objects:
        differences.append(
            f"large objects: {inventory.large_objects} in the manifest,"
            f" {counted.large_objects} in the archive"
        )
    differences = differences or different_content(inventory, counted)
    more = len(differences) - _MAX_NAMED
    rest = (f"and {more} more",) if more > 0 else ()
    return make_check("decode", (*differences[:_MAX_NAMED], *rest))


def make_archive_portable(run: RecoveryRun) -> None:
    """Remove from the fetched archive what other servers than the source's would refuse.

    Raises:
        DecodeError: its table of contents is damaged.
    """
    edit_definitions(run.archive, HOLDERS, without_attver)


def _decoded(run: RecoveryRun) -> CopyRows:
    piece = memoryview(bytearray(_PIECE))
    programs, major = run.programs, run.manifest.source.major
    tables = len(run.manifest.inventory.tables)
    with (
        run.archive.open("rb", buffering=0) as file,
        Decoder(programs, major, run.scope, account=run.account) as decoder,
    ):
        while count := file.readinto(piece):
            decoder.write(piece[:count])
            run.progress.update(tables=decoder.tables, of_tables=tables)
        return decoder.finish()


def _difference(stored: StoredObject, fetched: Fetched) -> str | None:
    if fetched.bytes != stored.bytes:
        return f"{stored.key} has {fetched.bytes} bytes, the manifest claims {stored.bytes}."
    if fetched.sha256 != stored.sha256:
        return f"{stored.key} has SHA-256 {fetched.sha256}, the manifest claims {stored.sha256}."
    return None


def _overwritten(bucket: BackupBucket, objects: tuple[StoredObject, ...]) -> tuple[str, ...]:
    """A sentence for each object whose newest version, which a plain copy gets, isn't ours."""
    return tuple(
        f"{stored.key} was overwritten: its newest version is {newest}, the backup's is"
        f" {stored.version_id}."
        for stored in objects
        if (newest := newest_version(bucket, stored.key)) != stored.version_id and stored.version_id
    )
