"""What the drill function answers."""

from lifeboat.model.answers import Answer
from lifeboat.model.drill_report import DrillReport, Verdict


class DrillAnswer(Answer):
    """What the drill came to. A drill whose verdict is "failed" is answered with an error.

    Attributes:
        verdict: "proven": everything that the manifest lists came back; "partial": some of it could
            not be tested here.
        backup: id of the backup that was restored for trial.
        database: as in the event.
        target: "embedded", "neon-branch", or name or ARN of the secret with the server that was
            restored into.
        branch_missing: why it was "embedded" although it was to be a branch; null if that is not
            so.
        reasons: why it is not proven, the worst first.
        advice: what to do about these; null when it is proven.
        rows: that were compared.
        seconds: from the start of the drill to its verdict.
        rto_seconds: how long that may take, by the settings.
        report: S3 URI of the report, as JSON.
        html_report: S3 URI of the same report as HTML.
        next_command: fetches the HTML report by the AWS CLI.
    """

    verdict: Verdict
    backup: str | None
    database: str
    target: str
    branch_missing: str | None = None
    reasons: tuple[str, ...]
    advice: str | None
    rows: int
    seconds: float
    rto_seconds: int
    report: str
    html_report: str
    next_command: str


def answer_of(report: DrillReport, bucket: str) -> DrillAnswer:
    """What a person wants to know first of a drill.

    Args:
        report: of the drill.
        bucket: in which it is stored.
    """
    page = f"s3://{bucket}/{report.html_key}"
    return DrillAnswer(
        verdict=report.verdict,
        backup=report.backup,
        database=report.database,
        target=report.target,
        branch_missing=report.branch_missing,
        reasons=report.reasons,
        advice=report.advice,
        rows=report.rows,
        seconds=round(report.total_seconds, 3),
        rto_seconds=report.rto_seconds,
        report=f"s3://{bucket}/{report.key}",
        html_report=page,
        next_command=f"aws s3 cp {page} drill.html",
    )
