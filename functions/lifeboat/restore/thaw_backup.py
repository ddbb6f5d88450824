"""Asks S3 to thaw an archived backup. Asking twice does no harm."""

from dataclasses import replace
from datetime import timedelta

from lifeboat.model.text import at
from lifeboat.model.thaw import speed_of
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.facts import Source
from lifeboat.restore.policy.plan import Plan, thaw_sentence
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.thawing import lying_of, thaw


def thaw_backup(run: RestoreRun, source: Source) -> dict[str, object]:
    """Plan it; with `execute` ask for it. Says in each case how long it takes.

    Raises:
        VaultReadError: S3 refused.
    """
    manifest, lying = source.manifest, source.lying
    if lying.is_readable or lying.thawing:
        return _stands(run, source)
    if not run.event.execute:
        plan = Plan(
            event=run.event,
            backup=manifest.location.id,
            shows=at(manifest.source.snapshot_time),
            will=(thaw_sentence(manifest, lying, run.settings),),
        )
        return plan.answer()
    tier, _ = speed_of(lying.storage_class, run.settings.thaw_tier)
    objects, vault = manifest.archive.objects, run.means.vault
    thaw(vault, objects, tier=tier, days=run.settings.thaw_days)
    run.notes.append(thaw_sentence(manifest, lying, run.settings))
    now = lying_of(vault, objects)
    asked = now if now.is_readable else replace(lying, thawing=True)
    return _stands(run, replace(source, lying=asked))


def _stands(run: RestoreRun, source: Source) -> dict[str, object]:
    """How it lies now, when to come back, and what for."""
    lying = source.lying
    answer: dict[str, object] = {
        "backup": source.manifest.location.id,
        "lies": lying.told,
        "notes": run.notes,
    }
    if lying.thawing:
        _, speed = speed_of(lying.storage_class, run.settings.thaw_tier)
        latest = run.request.started + timedelta(hours=speed.hours)
        answer["come_back"] = (
            f"By {at(latest)} at the latest, if it was asked for now ({speed.takes}). The topic of"
            " the alerts is told when S3 is done."
        )
    restore = run.event.again(action=Action.RESTORE.value, backup=source.manifest.location.id)
    return {**answer, "next": restore}
