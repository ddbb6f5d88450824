"""One restore: its event, what it works with, and its results."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import lifeboat
from lifeboat.errors import ServerError, TimeLimitError
from lifeboat.model.engine import Engine
from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.identifiers import quoted
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_duration
from lifeboat.postgres.connect import ServerRole
from lifeboat.recovery.policy.duration import MB
from lifeboat.recovery.policy.verdict import judge
from lifeboat.recovery.run import RecoveryRun
from lifeboat.restore.policy.answers import SkippedBackup
from lifeboat.restore.policy.copy_names import name_of
from lifeboat.restore.policy.event import Action, RestoreEvent
from lifeboat.restore.policy.facts import Capacity, RestoreSource, TargetFacts, job_room
from lifeboat.restore.policy.placement import move_of
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.settings.size_names import out_of_time_advice

TARGET = ServerRole(
    name="The server",
    again="Send the event again; if it repeats, look for that moment in the server's log.",
    forbidden="Give `target` the secret of a role that may do it: the owner of the database, or the"
    " one that your provider calls its administrator.",
)


@dataclass(kw_only=True, eq=False, repr=False)
class RestoreRun(RecoveryRun):
    """One answer to one event.

    `started` is a whole second, the restore's identity.

    Attributes:
        event: what the person asked for.
        source: the backup, once it has been chosen.
        facts: about the server, once there was a login.
        notes: what else a reader should know.
        skipped: backups that could not be used, newer than the one that was chosen or listed
            beside it.
        leftover: the database that was made, until it is complete.
        html_key: the key of the HTML report, once it is stored.
    """

    WORK = "restore"
    SAFE = "The live database and all backups are untouched."

    event: RestoreEvent
    source: RestoreSource = field(init=False)
    facts: TargetFacts = field(init=False)
    notes: list[str] = field(default_factory=list)
    skipped: list[SkippedBackup] = field(default_factory=list)
    leftover: str | None = None
    html_key: str | None = None

    @property
    def manifest(self) -> Manifest:
        """What the backup claims."""
        return self.source.manifest

    @cached_property
    def copy_name(self) -> str:
        """Of the database that is restored into."""
        return name_of(self.source.live, "restored" if self.whole else "tables", self.started)

    @property
    def whole(self) -> bool:
        """Whether the whole database is restored, or some tables of it."""
        return self.event.action is Action.RESTORE

    @property
    def jobs(self) -> int:
        """Of pg_restore."""
        return self.settings.restore.jobs

    @property
    def owners(self) -> bool:
        """Whether the person wants owners and grants as they were."""
        return self.event.owners == "keep"

    @property
    def server_role(self) -> ServerRole:
        """In a restore's words."""
        return TARGET

    @contextmanager
    def own_failure(self) -> Iterator[None]:
        """Raise why the run ended, in the place of a server's error that its end has caused."""
        try:
            yield
        except ServerError:
            self.scope.check()
            raise

    def pin(self, backup: BackupLocation) -> None:
        """Fix the chosen backup, and name it in every event that the answer proposes."""
        self.event = self.event.pinned(backup)

    def pin_target(self, secret: str) -> None:
        """Fix the server too: a deployment may change which one an event without a target means."""
        self.event = self.event.model_copy(update={"target": secret})

    def skip(self, backup: BackupLocation, reason: str, next_step: str) -> None:
        """Skip a backup, and list it in the answer."""
        self.skipped.append(SkippedBackup(backup=backup.id, reason=reason, next_step=next_step))

    def capacity(self) -> Capacity:
        """What the function or job has for the restore at this moment."""
        free, settings = shutil.disk_usage(self.scratch.path).free, self.settings.restore
        return Capacity(
            settings=settings,
            memory_mb=self.memory_mb,
            # Where /tmp is shared with others (not in Lambda), the settings limit it all the same.
            tmp_free_bytes=min(free, settings.ephemeral_mb * MB),
            seconds_left=self.remaining(),
            engine=self.engine,
            job=job_room(self.settings) if self.starter else None,
            may_have_job=self.database.engine == "function" and self.engine is Engine.FUNCTION,
        )

    def moved(self) -> HandOverAnswer | None:
        """Hand the run over to a job, if it doesn't fit into the function.

        The job gets the backup and the server that were chosen here.

        Returns:
            The job; None if the run stays here.

        Raises:
            JobNotStartedError: CodeBuild did not start it.
        """
        move = move_of(self.source, self.capacity())
        if move is None:
            return None
        event = self.event.with_changes(execute=True, confirm=self.event.confirm)
        job = self.scope.call(lambda: self.hand_over(move, event))
        return HandOverAnswer(handed_over=job)

    def out_of_time(self) -> TimeLimitError:
        """The error for a restore that has to end here."""
        return TimeLimitError(
            f"The {self.engine}'s time ran out after {format_duration(self.phases.total())}, during"
            f" {self.phases.phase}.",
            todo=out_of_time_advice(self.engine, self.WORK, self.database.engine),
        )

    def report(self) -> RestoreReport:
        """The report of the restore, which a swap reads."""
        verdict, reasons = judge(self.checks)
        manifest = self.manifest
        return RestoreReport(
            database=self.event.database,
            started=self.started,
            finished=datetime.now(UTC),
            run_id=self.run_id,
            lifeboat_version=lifeboat.__version__,
            engine=self.engine,
            action="restore" if self.whole else "restore-tables",
            backup=manifest.location.id,
            snapshot_time=manifest.source.snapshot_time,
            server=self.facts.server,
            endpoint=self.facts.endpoint,
            server_version=self.facts.version,
            restored_database=self.copy_name,
            live_database=manifest.source.database,
            verdict=verdict,
            reasons=reasons,
            checks=tuple(self.checks),
            tables=self.tables,
            notes=tuple(self.notes),
            seconds=dict(self.phases.seconds),
            total_seconds=round(self.phases.total(), 3),
            rows=sum(table.restored or 0 for table in self.tables),
        )


def drop_statement(copy: str) -> str:
    """The statement that drops a restored database."""
    return f"DROP DATABASE {quoted(copy)} WITH (FORCE);"
