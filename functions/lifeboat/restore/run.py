"""What the steps of one restore share: what was asked for, what there is, what was found out."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

import lifeboat
from lifeboat.errors import RestoreTimeError
from lifeboat.model.identifiers import quoted
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.context import Findings, Recovery, RecoveryMeans
from lifeboat.recovery.policy.verdict import judge
from lifeboat.recovery.scratch import Scratch
from lifeboat.restore.policy.answers import SkippedBackup
from lifeboat.restore.policy.event import RestoreEvent
from lifeboat.restore.policy.facts import TargetFacts
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.s3.bucket import Protection
from lifeboat.settings import DatabaseSettings, RestoreSettings


@dataclass(frozen=True)
class RestoreRequest:
    """What to bring back.

    Attributes:
        event: what the person asked for.
        started: a whole second in UTC; the restore's identity.
        run_id: the invocation's, for the log.
    """

    event: RestoreEvent
    started: datetime
    run_id: str


@dataclass
class RestoreRun:
    """One answer to one event.

    Attributes:
        request: what was asked for.
        means: what there is to work with.
        steps: where the time goes.
        findings: what was checked so far.
        notes: what else a reader should know.
        skipped: backups that could not be used, newer than the one that was chosen or listed
            beside it.
        leftover: the database that was made, until it is complete.
    """

    request: RestoreRequest
    means: RecoveryMeans
    steps: Stopwatch = field(default_factory=Stopwatch)
    findings: Findings = field(default_factory=Findings)
    notes: list[str] = field(default_factory=list)
    skipped: list[SkippedBackup] = field(default_factory=list)
    leftover: str | None = None

    @property
    def event(self) -> RestoreEvent:
        """What the person asked for."""
        return self.request.event

    @property
    def database(self) -> DatabaseSettings:
        """The database that it is about."""
        return self.means.settings.databases[0]

    @property
    def settings(self) -> RestoreSettings:
        """Of restores."""
        return self.means.settings.restore

    def pin(self, backup: BackupLocation) -> None:
        """Go on with that very backup, and name it in every event that the answer proposes."""
        self.request = replace(self.request, event=self.event.pinned(backup))

    def skip(self, backup: BackupLocation, reason: str, next_step: str) -> None:
        """Go on without a backup, and say so in the answer."""
        self.skipped.append(SkippedBackup(backup=backup.id, reason=reason, next_step=next_step))

    def recovery(self, manifest: Manifest, scratch: Scratch, watch: Watch) -> Recovery:
        """The backup on its way back."""
        return Recovery(
            manifest=manifest,
            vault=self.means.vault,
            programs=self.means.programs,
            jobs=self.settings.jobs,
            scratch=scratch,
            watch=watch,
            steps=self.steps,
            findings=self.findings,
        )

    def protection(self) -> Protection:
        """How reports and exports are encrypted; they are no backups, so nothing locks them."""
        return Protection(kms_key=self.means.settings.kms_key)

    def out_of_time(self) -> RestoreTimeError:
        """The error for a restore that has to end here."""
        return RestoreTimeError(
            f"The function's time ran out after {self.steps.total():.0f} s, during"
            f" {self.steps.phase}.",
            todo="Raise restore.memory_mb or restore.timeout_minutes (at most 15) in lifeboat.toml,"
            " then make deploy. What is too large for a function is restored by hand: the plan has"
            " the commands.",
        )

    def report(
        self,
        action: Literal["restore", "restore-tables"],
        manifest: Manifest,
        facts: TargetFacts,
        copy: str,
    ) -> RestoreReport:
        """What the restore has to say, and what a swap will ask."""
        verdict, reasons = judge(self.findings.checks)
        return RestoreReport(
            database=self.event.database,
            started=self.request.started,
            finished=datetime.now(UTC),
            run_id=self.request.run_id,
            lifeboat_version=lifeboat.__version__,
            action=action,
            backup=manifest.location.id,
            snapshot_time=manifest.source.snapshot_time,
            server=facts.server,
            endpoint=facts.endpoint,
            server_version=facts.version,
            restored_database=copy,
            live_database=manifest.source.database,
            verdict=verdict,
            reasons=reasons,
            checks=tuple(self.findings.checks),
            tables=self.findings.tables,
            notes=tuple(self.notes),
            seconds=dict(self.steps.seconds),
            total_seconds=round(self.steps.total(), 3),
            rows=sum(table.restored or 0 for table in self.findings.tables),
        )


def drop_statement(copy: str) -> str:
    """What drops a database that a restore has made."""
    return f"DROP DATABASE {quoted(copy)} WITH (FORCE);"
