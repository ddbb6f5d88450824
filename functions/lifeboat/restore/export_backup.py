"""Exports a backup, or some of its tables, as a file of plain SQL."""

import zlib

from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.keys import export_key
from lifeboat.postgres.programs import Process
from lifeboat.recovery.archive_listing import script
from lifeboat.restore.choose_entries import choose_entries
from lifeboat.restore.policy.answers import ExportResult, RestorePlan
from lifeboat.restore.policy.plan import plan_export, require_no_blockers
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.steps import fetch_complete
from lifeboat.s3.upload import ArchiveUpload

_PIECE = 1 << 18
_GZIP = 31
"""zlib's code for a gzip header and the largest window."""


def export_backup(run: RestoreRun) -> ExportResult | RestorePlan | HandOverAnswer:
    """Plan the export, or with `execute` do it. Returns the plan, a link to the file, or its job.

    Raises:
        RefusedError: something stands in the way, or there is no such table.
        VerificationError: the archive is not what the manifest claims.
        StorageError: S3 refused or failed to give the archive, or to take the file, of which
            nothing is left then.
    """
    bucket, manifest = run.bucket, run.manifest
    run.major = manifest.source.major
    name = "tables" if run.event.tables else "database"
    key = export_key(run.event.database, run.started, name)
    url = f"s3://{bucket.name}/{key}"
    plan = plan_export(run.event, run.source, run.capacity(), url)
    if not run.event.execute:
        return plan.answer()
    require_no_blockers(plan)
    if job := run.moved():
        return job
    fetch_complete(run)
    with run.phases.timed("export"):
        written = _write(run, key)
    minutes = run.settings.restore.link_minutes
    return ExportResult(
        action=run.event.action,
        database=run.event.database,
        changed=True,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        file=url,
        file_bytes=written,
        download_url=bucket.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket.name, "Key": key},
            ExpiresIn=minutes * 60,
        ),
        download_url_minutes=minutes,
        removed_after_days=run.settings.restore.export_days,
        next_command=f"aws s3 cp {url} . && gunzip {name}.sql.gz",
    )


def _write(run: RestoreRun, key: str) -> int:
    """Stream it into the bucket, where it appears whole or not at all. Returns its size."""
    entries = None
    if run.event.tables:
        selection = choose_entries(run, run.event.tables)
        entries = [each.line for each in selection.entries]
    options = ("--no-owner", "--no-privileges")
    upload = ArchiveUpload(run.bucket, key, run.protection(), wait_seconds=run.remaining)
    run.scope.call(upload.open)
    with upload:
        with script(run, *options, entries=entries) as child:
            _compress(child, upload)
        return run.scope.call(lambda: upload.complete(if_absent=True)).bytes


def _compress(child: Process, upload: ArchiveUpload) -> None:
    gzip = zlib.compressobj(wbits=_GZIP)
    while piece := child.read(_PIECE):
        _put(upload, gzip.compress(piece))
    _put(upload, gzip.flush())


def _put(upload: ArchiveUpload, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        space = upload.free_space()
        count = min(len(space), len(rest))
        space[:count] = rest[:count]
        upload.commit(count)
        rest = rest[count:]
