"""The answer of a restore whose report has been stored."""

from lifeboat.model.drill_report import Verdict
from lifeboat.restore.policy.answers import RestoreResult
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.failed_restore import failed_restore
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.run import RestoreRun, drop_statement


def answer_of(run: RestoreRun, report: RestoreReport) -> RestoreResult:
    """The result, with the event that swaps the restored database in.

    Raises:
        VerificationError: the copy differs from the backup; the error says what is in it.
    """
    copy = report.restored_database
    where = f"s3://{run.bucket.name}/{report.key}"
    page = f"s3://{run.bucket.name}/{run.html_key}" if run.html_key else None
    swap = _swap_event(run, report) if report.action == "restore" else None
    if report.verdict is Verdict.FAILED:
        drop = drop_statement(copy)
        raise failed_restore(report, where=page or where, drop=drop, swap=swap, cures=run.cures)
    return RestoreResult(
        action=run.event.action,
        database=run.event.database,
        changed=True,
        next_event=swap,
        restored_database=copy,
        server=report.server,
        backup=report.backup,
        data_as_of=report.snapshot_time,
        verdict=report.verdict,
        reasons=report.reasons,
        notes=tuple(run.notes),
        rows=report.rows,
        seconds=round(report.total_seconds, 3),
        report=where,
        html_report=page,
        drop_sql=drop_statement(copy),
    )


def _swap_event(run: RestoreRun, report: RestoreReport) -> dict[str, object]:
    keys = {
        "action": Action.SWAP.value,
        "database": run.event.database,
        "restored_database": report.restored_database,
        "target": run.event.target,
        "allow_unverified": report.verdict is not Verdict.PROVEN or None,
    }
    return {key: value for key, value in keys.items() if value is not None}
