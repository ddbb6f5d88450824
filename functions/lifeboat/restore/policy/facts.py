"""Facts for planning a restore: about the backup, the server, and what it runs in."""

from dataclasses import dataclass

from lifeboat.model.aws import Architecture
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.engine import JOB_MARGIN_SECONDS, ComputeName, Engine
from lifeboat.model.manifest import Manifest
from lifeboat.model.thaw import StorageState
from lifeboat.recovery.policy.duration import MB, DurationForecast
from lifeboat.settings import RestoreSettings, Settings


@dataclass(frozen=True, kw_only=True)
class TargetFacts:
    """What is known of the server to restore into.

    Attributes:
        server: host and port.
        endpoint: a digest of these.
        role: as which we are logged in.
        major: the server's major version.
        version: as the server calls itself.
        may_create: the role may make databases.
        superuser: the role may do everything.
        reads_only: the role's sessions refuse to write, as a backup role's should.
        databases: the names of all databases there.
        extensions: names of those that the server has files of.
        roles: the names of all roles there.
        member_of: roles that our role is, directly or not.
        live_bytes: of the live database, if it is there and may be asked.
    """

    server: str
    endpoint: str
    role: str
    major: int
    version: str
    may_create: bool
    superuser: bool
    reads_only: bool
    databases: frozenset[str]
    extensions: frozenset[str]
    roles: frozenset[str]
    member_of: frozenset[str]
    live_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the function, or the job, has for a restore.

    Attributes:
        settings: what was chosen for it.
        memory_mb: of the function or machine.
        tmp_free_bytes: free in /tmp, or on the machine's disk.
        seconds_left: until it has to be over.
        engine: which of them it is.
        job: that the function can hand over to; None if there is none.
        may_have_job: whether only the settings keep the function from having one.
    """

    settings: RestoreSettings
    memory_mb: int
    tmp_free_bytes: int
    seconds_left: float
    engine: Engine = Engine.FUNCTION
    job: "JobRoom | None" = None
    may_have_job: bool = False


@dataclass(frozen=True, kw_only=True)
class JobRoom:
    """A job that a function can hand over to.

    Attributes:
        capacity: what it has at its start.
        compute: its machine, as the settings call it.
        architecture: of the machine.
        always: whether it takes over whatever the function could do.
        share: of the function's time beyond which it takes over, from 0 to 1.
    """

    capacity: Capacity
    compute: ComputeName
    architecture: Architecture
    always: bool
    share: float


def job_room(settings: Settings) -> JobRoom:
    """The job of a restore, by the settings of one database."""
    job, size = settings.job, settings.for_job("restore").restore
    return JobRoom(
        capacity=Capacity(
            settings=size,
            memory_mb=size.memory_mb,
            tmp_free_bytes=size.ephemeral_mb * MB,
            seconds_left=size.timeout_minutes * 60.0 - JOB_MARGIN_SECONDS,
            engine=Engine.JOB,
        ),
        compute=job.restore_compute,
        architecture=settings.architecture,
        always=settings.databases[0].engine == "job",
        share=job.threshold_percent / 100,
    )


@dataclass(frozen=True, kw_only=True)
class RestoreSource:
    """The backup that would be brought back.

    Attributes:
        bucket: its name.
        manifest: what it claims.
        storage: of its archive.
        drills: reports of earlier drills of the database.
        roles: that its globals create; None where it has no globals.
    """

    bucket: str
    manifest: Manifest
    storage: StorageState
    drills: tuple[DrillReport, ...]
    roles: tuple[str, ...] | None

    @property
    def live(self) -> str:
        """The name, on its server, of the database that it was taken of."""
        return self.manifest.source.database

    def seconds(self, capacity: Capacity) -> float:
        """How long a restore takes, by the drills; these had the server beside them."""
        return DurationForecast(
            embedded=True, memory_mb=capacity.memory_mb, jobs=capacity.settings.jobs
        ).seconds_for(self.manifest.source.bytes, self.drills)
