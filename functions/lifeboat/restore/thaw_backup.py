"""Asks S3 to thaw an archived backup. Asking twice does no harm."""

from dataclasses import replace
from datetime import timedelta

from lifeboat.model.thaw import StorageState, speed_of
from lifeboat.restore.policy.answers import RestorePlan, ThawResult
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.plan import Plan, thaw_sentence
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import storage_state_of, thaw


def thaw_backup(run: RestoreRun) -> RestorePlan | ThawResult:
    """Plan it; with `execute` ask for it. Says in each case how long it takes.

    Raises:
        StorageError: S3 refused.
    """
    manifest, storage = run.manifest, run.source.storage
    if storage.is_readable or storage.thawing:
        return _result(run, storage, changed=False)
    if not run.event.execute:
        plan = Plan(
            event=run.event,
            backup=manifest.location.id,
            data_as_of=manifest.source.snapshot_time,
            steps=(thaw_sentence(manifest, storage, run.settings.restore),),
        )
        return plan.answer()
    tier, _ = speed_of(storage.storage_class, run.settings.restore.thaw_tier)
    objects, bucket = manifest.archive.objects, run.bucket
    changed = thaw(bucket, objects, tier=tier, days=run.settings.restore.thaw_days)
    run.notes.append(thaw_sentence(manifest, storage, run.settings.restore))
    now = storage_state_of(bucket, objects)
    asked = now if now.is_readable else replace(storage, thawing=True)
    return _result(run, asked, changed=changed)


def _result(run: RestoreRun, storage: StorageState, *, changed: bool) -> ThawResult:
    """How it is stored now, when to come back, and what for."""
    backup, notes = run.manifest.location.id, list(run.notes)
    latest = None
    if storage.thawing:
        _, speed = speed_of(storage.storage_class, run.settings.restore.thaw_tier)
        latest = run.started + timedelta(hours=speed.hours)
        notes.append(
            f"It takes {speed.takes} from when it was asked for. A message goes to the topic of the"
            " alerts when S3 is done."
        )
    return ThawResult(
        action=run.event.action,
        database=run.event.database,
        changed=changed,
        next_event=run.event.with_changes(action=Action.RESTORE.value, backup=backup),
        backup=backup,
        available=storage.is_readable,
        storage_state=storage.description,
        retry_after=latest,
        notes=tuple(notes),
    )
