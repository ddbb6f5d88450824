"""One drill: its event, what it works with, its results, and its report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import lifeboat
from lifeboat.drill.embedded_server import EmbeddedServer
from lifeboat.drill.policy.capacity import limits
from lifeboat.drill.policy.event import DrillEvent
from lifeboat.drill.policy.placement import DrillDemand
from lifeboat.drill.policy.target import target_of
from lifeboat.errors import LifeboatError, TimeLimitError
from lifeboat.model.branches import reason_of
from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.drill_target import EMBEDDED, DrillBranch
from lifeboat.model.engine import Engine
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_duration
from lifeboat.postgres.connect import ServerRole
from lifeboat.postgres.login import Login
from lifeboat.recovery.policy.verdict import judge
from lifeboat.recovery.run import RecoveryRun
from lifeboat.runtime.branch_broker import BranchBroker
from lifeboat.settings.size_names import out_of_time_advice

_ADVICE = {
    Verdict.FAILED: (
        "Take a manual backup now and drill it. Until one is proven, rely on the last backup whose"
        " report says proven; the runbooks in docs/runbooks say how to restore it."
    ),
    Verdict.PARTIAL: (
        "What is named could not be tested here. What the drill's own server lacks: add the secret"
        " of a server that has it to drill.target_secret_arns and give it as `target`; at Neon, set"
        ' drill_target = "neon-branch" (docs/neon.md). Rows that were only counted: take a new'
        " backup."
    ),
}
"""What to do after a drill that came to its end."""

TARGET = ServerRole(
    name="The server that the backup is restored into",
    again="Invoke the drill again; if it repeats, look for that moment in the server's log.",
    forbidden='Let the role make databases: ALTER ROLE "{user}" CREATEDB;',
)


@dataclass(kw_only=True, eq=False, repr=False)
class DrillRun(RecoveryRun):
    """One drill: what it knows so far, and in the end its report.

    `started` is a whole second, the drill's identity.

    Attributes:
        event: the database, the backup and where to restore it.
        backup: the backup's id, once it has been chosen.
        found: its manifest, once it has been read.
        demand: what it needs, once that is known.
        waited_seconds: for the job's machine, before the drill began; None in a function.
        branches: has branches made in Neon, and deleted.
        log: logs a warning with its details.
        branch: that it restores into; None if it restores elsewhere.
        branch_missing: why it restores into a server of its own, and into no branch.
        server: the drill's own; None if it restores into another one.
        server_version: of the server that it restores into.
        disk_bytes: the maximum seen in use in the drill's directory.
        failure: the error that ended the drill early.
    """

    WORK = "drill"
    SAFE = "A drill only reads backups: they and the database are untouched."

    event: DrillEvent
    backup: str | None = None
    found: Manifest | None = None
    demand: DrillDemand | None = None
    waited_seconds: float | None = None
    branches: BranchBroker
    log: Callable[[str, Mapping[str, object]], None] = lambda *_: None
    branch: DrillBranch | None = None
    branch_missing: str | None = None
    server: EmbeddedServer | None = None
    server_version: str | None = None
    disk_bytes: int | None = None
    failure: LifeboatError | None = None

    @cached_property
    def wanted_target(self) -> str:
        """Where the drill is to restore: see `target_of`."""
        return target_of(self.event, self.database)

    @property
    def target(self) -> str:
        """Where it restores: into a server of its own if there is no branch."""
        return self.wanted_target if self.branch_missing is None else EMBEDDED

    def do_without_branch(self, error: LifeboatError) -> None:
        """Restore into a server of its own from now on, which in a job has all of the machine."""
        self.branch, self.branch_missing = None, reason_of(error)
        if self.engine is Engine.JOB:
            self.settings = self.settings.for_job(self.WORK, own_server=True)

    @property
    def manifest(self) -> Manifest:
        """What the backup claims."""
        if self.found is None:
            raise AttributeError("The backup has not been found yet.")
        return self.found

    @cached_property
    def copy_name(self) -> str:
        """Of the database that is restored into; tells whose it is, and of when."""
        return f"lifeboat_drill_{self.started:%Y%m%dt%H%M%Sz}_{self.run_id[:8]}"

    @property
    def jobs(self) -> int:
        """Of pg_restore."""
        return self.settings.drill.jobs

    @property
    def owners(self) -> bool:
        """Every role can be made in the drill's own server, and only there."""
        return self.server is not None

    @property
    def restorer(self) -> Login:
        """An ordinary role if the server is the drill's own."""
        if self.server is None:
            return self.login
        return self.server.roles.login(self.login.endpoint, self.server.roles.restorer)

    @property
    def reader(self) -> Login:
        """Likewise."""
        if self.server is None:
            return self.login
        return self.server.roles.login(self.login.endpoint, self.server.roles.reader)

    @property
    def server_role(self) -> ServerRole:
        """In a drill's words."""
        return TARGET

    def require_alive(self) -> None:
        """Raise when the server was the drill's own and has died.

        Raises:
            ScratchServerError: it has, with its last words.
        """
        if self.server:
            self.server.require_alive()

    def out_of_time(self) -> TimeLimitError:
        """The error for a drill that has to end here."""
        return TimeLimitError(
            f"The {self.engine}'s time ran out after {format_duration(self.phases.total())}, during"
            f" {self.phases.phase}.",
            todo=out_of_time_advice(self.engine, self.WORK, self.database.engine),
        )

    def _advice(self, verdict: Verdict) -> str | None:
        """What to do after a drill that came to its end; a known cure first."""
        known = self.cures if verdict is Verdict.FAILED else ()
        return " ".join((*known, _ADVICE.get(verdict, ""))).strip() or None

    def report(self) -> DrillReport:
        """The report of the drill, as far as it came."""
        verdict, reasons = judge(self.checks)
        if self.failure:
            verdict, reasons = Verdict.FAILED, (self.failure.what, *reasons)
        manifest, drill = self.found, self.settings.drill
        report = DrillReport(
            database=self.event.database,
            started=self.started,
            finished=datetime.now(UTC),
            run_id=self.run_id,
            lifeboat_version=lifeboat.__version__,
            backup=self.backup,
            snapshot_time=manifest and manifest.source.snapshot_time,
            target=self.target,
            branch=self.branch,
            branch_missing=self.branch_missing,
            server_version=self.server_version,
            verdict=verdict,
            reasons=reasons,
            advice=self.failure.todo if self.failure else self._advice(verdict),
            checks=tuple(self.checks),
            tables=self.tables,
            seconds=dict(self.phases.seconds),
            total_seconds=round(self.phases.total(), 3),
            rto_seconds=drill.rto_minutes * 60,
            waited_seconds=self.waited_seconds,
            engine=self.engine,
            archive_bytes=manifest and manifest.archive.bytes,
            database_bytes=manifest and manifest.source.bytes,
            rows=sum(table.restored or 0 for table in self.tables),
            memory_mb=self.memory_mb,
            ephemeral_mb=drill.ephemeral_mb,
            jobs=drill.jobs,
            disk_bytes=self.disk_bytes,
        )
        found = limits(report, seconds=drill.timeout_minutes * 60.0)
        return report.model_copy(update={"limits": found, "job_limits": self._job_limits(report)})

    def _job_limits(self, report: DrillReport) -> tuple[Limit, ...]:
        """The limits of the job that later drills will become; none if there are no jobs.

        Its machine is faster than the function, and the pace is the function's: careful.
        """
        if self.starter is None:
            return ()
        job = self.settings.for_job(self.WORK, own_server=self.server is not None).drill
        there = report.model_copy(update={"ephemeral_mb": job.ephemeral_mb})
        found = limits(there, seconds=job.timeout_minutes * 60.0)
        return tuple(limit for limit in found if limit.what != "rto")
