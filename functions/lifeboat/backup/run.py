"""One backup run: which backup it takes, what it works with, and what it promises."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from lifeboat.backup.chosen_source import ChosenSource
from lifeboat.backup.policy.large_objects import warnings as large_object_warnings
from lifeboat.backup.policy.publication import NOT_PUBLISHED, Publication
from lifeboat.errors import TimeLimitError
from lifeboat.model.engine import MAX_JOB_HOURS, Engine
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import BackupRetention, LargeObjectReads
from lifeboat.model.tiers import expires, locked_until
from lifeboat.postgres.login import Login
from lifeboat.postgres.meter import Meter
from lifeboat.postgres.source import DatabaseItself
from lifeboat.run import Run
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.s3.bucket import Protection, StoredState
from lifeboat.s3.upload import ArchiveUpload

_MORE_TIME = {
    Engine.FUNCTION: 'Let the backup run as a job, which has hours (engine = "auto"). Or give the'
    " function more time (backup.timeout_minutes, at most 15) or more memory, which brings more CPU"
    " (backup.memory_mb), or leave large tables' rows out (exclude_table_data).",
    Engine.JOB: f"Give the job more time (job.timeout_hours, at most {MAX_JOB_HOURS}) or a larger"
    " machine (job.backup_compute), or leave large tables' rows out (exclude_table_data).",
}


def _no_log(_event: str, _details: Mapping[str, object]) -> None:
    """The default log: none."""


@dataclass(kw_only=True, eq=False, repr=False)
class BackupRun(Run):
    """One run for a scheduled time, of one or more attempts.

    Attributes:
        location: the backup's tier, database and scheduled time, and so its keys.
        label: a person's name for it.
        folder: a private directory, for the CA certificates of the secret.
        log: logs an event with its details.
        meter: counts the bytes that all attempts read from the server, also of a failed run.
        publication: whether the backup is published, as far as all attempts know.
        uploads: the current upload of the archive, if there is one.
        large_objects: what is known of the time that they take; None if they are few.
        engine: what it runs in.
        source: what it reads, the same for all attempts; None: the database itself.
        may_become_job: whether it ends early if it probably won't fit into its time, since a job
            takes it then.
    """

    SAFE = NOT_PUBLISHED

    location: BackupLocation
    label: str | None
    folder: Path
    log: Callable[[str, Mapping[str, object]], None] = _no_log
    meter: Meter = field(default_factory=Meter)
    publication: Publication = field(default_factory=Publication)
    uploads: deque[ArchiveUpload] = field(default_factory=lambda: deque(maxlen=1))
    large_objects: LargeObjectReads | None = None
    engine: Engine = Engine.FUNCTION
    source: ChosenSource | None = None
    may_become_job: bool = False

    def for_retry(self) -> "BackupRun":
        """A second run for the same time in this invocation; meter and publication are shared."""
        return replace(self, started=datetime.now(UTC), phases=Stopwatch(), uploads=deque(maxlen=1))

    @property
    def chosen(self) -> ChosenSource:
        """What it reads."""
        if self.source is None:
            self.source = ChosenSource(DatabaseItself(self.login))
        return self.source

    def login(self) -> Login:
        """How to log in to the database itself, from the current secret."""
        return self.read_login(self.database.secret_arn, self.folder)

    def stored_state(self) -> StoredState:
        """What is stored of the backup now."""
        return self.bucket.stored_state(self.location)

    def retention(self) -> BackupRetention:
        """The retention of this backup, in whole seconds: S3's locks have no fractions."""
        tier, start = self.location.tier, self.started.replace(microsecond=0)
        return BackupRetention(
            expires=expires(self.settings.retention.of(tier).days, start),
            locked_until=locked_until(self.settings.lock_days(tier), start),
            lock_mode=self.settings.object_lock,
        )

    def protection(self) -> Protection:
        """How each of its objects is encrypted and locked."""
        mode = self.settings.object_lock
        return Protection(
            kms_key=self.settings.kms_key,
            lock_mode=None if mode == "off" else mode.upper(),
            locked_until=self.retention().locked_until,
        )

    def new_upload(self) -> ArchiveUpload:
        """The upload of an attempt's archive, not begun yet."""
        upload = ArchiveUpload(
            self.bucket,
            self.location.archive_key,
            self.protection(),
            wait_seconds=self.remaining,
        )
        self.uploads.append(upload)
        return upload

    def out_of_time(self) -> TimeLimitError:
        """The error for a run that has to end here."""
        sent = sum(upload.total for upload in self.uploads)
        return TimeLimitError(
            f"The {self.engine}'s time ran out after {self.phases.total():.0f} s, during"
            f" {self.phases.phase}, with {sent / 1e6:.1f} MB of the archive sent.",
            todo=" ".join((*large_object_warnings(self.large_objects), _MORE_TIME[self.engine])),
        )
