"""The backup before a restore: what is live now gets out of Neon before Neon touches it."""

from lifeboat.errors import RefusedError, TimeLimitError
from lifeboat.model.text import line
from lifeboat.neon_restore.policy.plan_text import resume_command
from lifeboat.neon_restore.policy.record import NeonPlan
from lifeboat.neon_restore.run import NOTHING_TOUCHED, NeonRestoreRun

LABEL = "before-neon-restore"


def back_up(run: NeonRestoreRun, record: NeonPlan) -> NeonPlan:
    """Make sure that the backup of this plan is complete; gives the plan as it is stored then.

    A plan has one backup, whose id has the plan's time: a repeated event takes no second one.

    Raises:
        RefusedError: the backup failed, so nothing was restored.
        TimeLimitError: it is not complete yet, and goes on.
    """
    if run.store.has_backup(record.backup):
        return record
    if record.build:
        raise _goes_on(record, f"as the job {line(record.build)}")
    run.progress.step("back up", new=True)
    event: dict[str, object] = {
        "database": record.database,
        "tier": record.backup.tier.value,
        "began": f"{record.planned:%Y-%m-%dT%H:%M:%SZ}",
        "label": LABEL,
    }
    answer = run.back_up(event, run.left())
    if "errorMessage" in answer:
        what = str(answer["errorMessage"]).partition("\n")[0]
        raise RefusedError(
            f"The backup before the restore failed, so nothing was restored: {line(what)}",
            safe=NOTHING_TOUCHED,
            todo="Read why it failed (lifeboat runs), and repeat it:"
            f" {resume_command(record, without_backup=False)}. If it can't be backed up, for it is"
            " broken: make a plan with --without-backup; then only Neon keeps what is live now.",
        )
    handed_over = answer.get("handed_over")
    if isinstance(handed_over, dict):
        record = record.model_copy(update={"build": str(handed_over.get("build"))})
        run.store.save(record)
        raise _goes_on(record, f"as the job {line(record.build or '')}")
    if not run.store.has_backup(record.backup):
        raise _goes_on(record, "in its function")
    return record


def _goes_on(record: NeonPlan, where: str) -> TimeLimitError:
    return TimeLimitError(
        f"The backup before the restore, {record.backup.id}, is not complete yet; it goes on"
        f" {where}. Nothing was restored.",
        safe=NOTHING_TOUCHED,
        todo=f"When `lifeboat runs {record.database}` shows its end:"
        f" {resume_command(record, without_backup=False)} goes on from there.",
    )
