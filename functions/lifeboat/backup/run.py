"""What the steps of one backup share: what was asked for, what there is to work with, the clock."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lifeboat.errors import OutOfTimeError
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Retention
from lifeboat.model.tiers import expires, locked_until
from lifeboat.postgres.login import Login
from lifeboat.postgres.meter import Meter
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.s3.bucket import Protection, StoredState, Vault
from lifeboat.s3.upload import ArchiveUpload
from lifeboat.settings import Settings


@dataclass(frozen=True)
class Request:
    """Which backup to take.

    Attributes:
        location: its tier, database and scheduled time, and so its keys.
        label: what the person who asked for it calls it.
        run_id: the invocation's, for the log.
    """

    location: BackupLocation
    label: str | None
    run_id: str


def _unheard(_event: str, _details: Mapping[str, object]) -> None:
    """Where nobody keeps a log."""


@dataclass(frozen=True)
class Means:
    """What a run works with.

    Attributes:
        settings: of this database alone.
        vault: where it goes.
        programs: pg_dump and its kin.
        read_login: reads the database's secret, anew at each call.
        remaining: seconds until the run has to be over.
        log: keeps what happened on the way, with its details.
        meter: counts what is read from the server, by all attempts; it can be asked when the run
            has failed, too.
    """

    settings: Settings
    vault: Vault
    programs: Programs
    read_login: Callable[[], Login]
    remaining: Callable[[], float]
    log: Callable[[str, Mapping[str, object]], None] = _unheard
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True)
class BackupRun:
    """One run for a scheduled time, of one or more attempts.

    Attributes:
        request: which backup to take.
        means: what to work with.
        started: when, by the clock.
        phases: where the time goes.
        uploads: the archive's upload that is under way, once there is one.
    """

    request: Request
    means: Means
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    phases: Stopwatch = field(default_factory=Stopwatch)
    uploads: deque[ArchiveUpload] = field(default_factory=lambda: deque(maxlen=1))

    @property
    def location(self) -> BackupLocation:
        """Where the backup goes."""
        return self.request.location

    @property
    def settings(self) -> Settings:
        """Of this database alone."""
        return self.means.settings

    def look(self) -> StoredState:
        """What is stored of the backup now."""
        return self.means.vault.look(self.location)

    def retention(self) -> Retention:
        """What is promised for this backup, to the second: S3's locks know no fractions."""
        tier, start = self.location.tier, self.started.replace(microsecond=0)
        return Retention(
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
            self.means.vault,
            self.location.archive_key,
            self.protection(),
            wait_seconds=self.means.remaining,
        )
        self.uploads.append(upload)
        return upload

    def out_of_time(self) -> OutOfTimeError:
        """The error for a run that has to end here."""
        sent = sum(upload.total for upload in self.uploads)
        return OutOfTimeError(
            f"The function's time ran out after {self.phases.total():.0f} s, during"
            f" {self.phases.phase}, with {sent / 1e6:.1f} MB of the archive sent.",
            todo="Give the function more time (backup.timeout_minutes, at most 15) or more memory,"
            " which brings more CPU (backup.memory_mb), or leave large tables' rows out"
            " (exclude_table_data).",
        )
