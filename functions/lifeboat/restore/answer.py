"""What a restore answers when its report has been stored."""

from lifeboat.model.drill_report import Verdict
from lifeboat.model.text import at
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.failed_restore import failed_restore
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.run import RestoreRun, drop_statement


def answer_of(run: RestoreRun, report: RestoreReport) -> dict[str, object]:
    """What came of it, with the event that swaps it in.

    Raises:
        RestoreFailedError: something that came back is wrong; says what there is all the same.
    """
    copy = report.restored_database
    where = f"s3://{run.means.vault.bucket}/{report.key}"
    swap = _swap_event(run, report) if report.action == "restore" else None
    if report.verdict is Verdict.FAILED:
        raise failed_restore(report, where=where, drop=drop_statement(copy), swap=swap)
    answer: dict[str, object] = {
        "restored": copy,
        "server": report.server,
        "backup": report.backup,
        "shows": at(report.snapshot_time),
        "verdict": report.verdict.value,
        "reasons": list(report.reasons),
        "notes": list(report.notes),
        "rows": report.rows,
        "seconds": round(report.total_seconds, 3),
        "report": where,
        "drop": drop_statement(copy),
    }
    return answer | ({"next": swap} if swap else {})


def _swap_event(run: RestoreRun, report: RestoreReport) -> dict[str, object]:
    keys = {
        "action": Action.SWAP.value,
        "database": run.event.database,
        "restored_database": report.restored_database,
        "target": run.event.target,
        "allow_unverified": report.verdict is not Verdict.PROVEN or None,
    }
    return {key: value for key, value in keys.items() if value is not None}
