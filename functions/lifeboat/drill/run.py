"""What the steps of one drill share: what was asked for, what to work with, what was found."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import lifeboat
from lifeboat.drill.policy.capacity import limits
from lifeboat.drill.policy.event import DrillEvent
from lifeboat.errors import DrillTimeError, LifeboatError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.manifest import Manifest
from lifeboat.recovery.context import Findings, RecoveryMeans
from lifeboat.recovery.policy.verdict import judge
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.settings import Settings

_ADVICE = {
    Verdict.FAILED: (
        "Take a backup by hand now and drill it. Until one is proven, rely on the last backup whose"
        " report says proven; the runbooks in docs/runbooks say how to restore it."
    ),
    Verdict.PARTIAL: (
        "What is named could not be tested in the drill's own server. To test it as well, add the"
        " secret of a server that has it to drill.target_secret_arns and give it as `target`."
    ),
}
"""What to do next, where the drill itself came to its end."""


@dataclass(frozen=True)
class DrillRequest:
    """Which drill to hold.

    Attributes:
        event: the database, the backup and where to restore it.
        started: a whole second in UTC; the drill's identity.
        run_id: the invocation's, for the log.
    """

    event: DrillEvent
    started: datetime
    run_id: str


@dataclass
class DrillRun:
    """One drill: what it knows so far, and in the end its report.

    Attributes:
        request: what was asked for.
        means: what there is to work with.
        steps: where the time goes.
        manifest: of the backup, once it has been read.
        backup: the backup's id, once it has been chosen.
        server_version: of the server that it is restored into.
        findings: what was found out so far.
        disk_bytes: the most that was seen in use in the drill's directory.
        failure: what ended the drill before its end.
    """

    request: DrillRequest
    means: RecoveryMeans
    steps: Stopwatch = field(default_factory=Stopwatch)
    manifest: Manifest | None = None
    backup: str | None = None
    server_version: str | None = None
    findings: Findings = field(default_factory=Findings)
    disk_bytes: int | None = None
    failure: LifeboatError | None = None

    @property
    def settings(self) -> Settings:
        """Of this database alone."""
        return self.means.settings

    @property
    def copy_name(self) -> str:
        """Of the database that is restored into; tells whose it is, and of when."""
        return f"lifeboat_drill_{self.request.started:%Y%m%dt%H%M%Sz}_{self.request.run_id[:8]}"

    def out_of_time(self) -> DrillTimeError:
        """The error for a drill that has to end here."""
        return DrillTimeError(
            f"The function's time ran out after {self.steps.total():.0f} s, during"
            f" {self.steps.phase}.",
            todo="Give the drill more memory, which brings more CPU (drill.memory_mb), or more time"
            " (drill.timeout_minutes, at most 15), then: make deploy. A database that is too large"
            " for a function can be restored with the stock commands of docs/runbooks.",
        )

    def report(self) -> DrillReport:
        """What the drill has to say, as far as it came."""
        verdict, reasons = judge(self.findings.checks)
        if self.failure:
            verdict, reasons = Verdict.FAILED, (self.failure.what, *reasons)
        manifest, drill = self.manifest, self.settings.drill
        report = DrillReport(
            database=self.request.event.database,
            started=self.request.started,
            finished=datetime.now(UTC),
            run_id=self.request.run_id,
            lifeboat_version=lifeboat.__version__,
            backup=self.backup,
            snapshot_time=manifest and manifest.source.snapshot_time,
            target=self.request.event.target,
            server_version=self.server_version,
            verdict=verdict,
            reasons=reasons,
            advice=self.failure.todo if self.failure else _ADVICE.get(verdict),
            checks=tuple(self.findings.checks),
            tables=self.findings.tables,
            seconds=dict(self.steps.seconds),
            total_seconds=round(self.steps.total(), 3),
            rto_seconds=drill.rto_minutes * 60,
            archive_bytes=manifest and manifest.archive.bytes,
            database_bytes=manifest and manifest.source.bytes,
            rows=sum(table.restored or 0 for table in self.findings.tables),
            memory_mb=self.means.memory_mb,
            ephemeral_mb=drill.ephemeral_mb,
            disk_bytes=self.disk_bytes,
        )
        available = drill.timeout_minutes * 60.0
        return report.model_copy(update={"limits": limits(report, function_seconds=available)})
