"""Asks S3 to thaw an archived backup. Asking twice does no harm."""

from dataclasses import replace
from datetime import timedelta

from lifeboat.model.thaw import speed_of
from lifeboat.restore.policy.answers import RestorePlan, ThawResult
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.facts import Source
from lifeboat.restore.policy.plan import Plan, thaw_sentence
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import lying_of, thaw


def thaw_backup(run: RestoreRun, source: Source) -> RestorePlan | ThawResult:
    """Plan it; with `execute` ask for it. Says in each case how long it takes.

    Raises:
        VaultReadError: S3 refused.
    """
    manifest, lying = source.manifest, source.lying
    if lying.is_readable or lying.thawing:
        return _result(run, source, changed=False)
    if not run.event.execute:
        plan = Plan(
            event=run.event,
            backup=manifest.location.id,
            data_as_of=manifest.source.snapshot_time,
            steps=(thaw_sentence(manifest, lying, run.settings),),
        )
        return plan.answer()
    tier, _ = speed_of(lying.storage_class, run.settings.thaw_tier)
    objects, vault = manifest.archive.objects, run.means.vault
    changed = thaw(vault, objects, tier=tier, days=run.settings.thaw_days)
    run.notes.append(thaw_sentence(manifest, lying, run.settings))
    now = lying_of(vault, objects)
    asked = now if now.is_readable else replace(lying, thawing=True)
    return _result(run, replace(source, lying=asked), changed=changed)


def _result(run: RestoreRun, source: Source, *, changed: bool) -> ThawResult:
    """How it is stored now, when to come back, and what for."""
    lying, backup, notes = source.lying, source.manifest.location.id, list(run.notes)
    latest = None
    if lying.thawing:
        _, speed = speed_of(lying.storage_class, run.settings.thaw_tier)
        latest = run.request.started + timedelta(hours=speed.hours)
        notes.append(
            f"It takes {speed.takes} from when it was asked for. A message goes to the topic of the"
            " alerts when S3 is done."
        )
    return ThawResult(
        action=run.event.action,
        database=run.event.database,
        changed=changed,
        next_event=run.event.again(action=Action.RESTORE.value, backup=backup),
        backup=backup,
        available=lying.is_readable,
        storage_state=lying.told,
        retry_after=latest,
        notes=tuple(notes),
    )
