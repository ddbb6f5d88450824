"""Facts for planning a restore: about the backup, the server and the function."""

from dataclasses import dataclass

from lifeboat.model.drill_report import DrillReport
from lifeboat.model.manifest import Manifest
from lifeboat.model.thaw import StorageState
from lifeboat.recovery.policy.duration import DurationForecast
from lifeboat.settings import RestoreSettings


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
class FunctionCapacity:
    """What the function has for a restore.

    Attributes:
        settings: what was chosen for it.
        memory_mb: of the function.
        tmp_free_bytes: free in /tmp.
        seconds_left: until it has to be over.
    """

    settings: RestoreSettings
    memory_mb: int
    tmp_free_bytes: int
    seconds_left: float


@dataclass(frozen=True, kw_only=True)
class RestoreSource:
    """The backup that would be brought back.

    Attributes:
        vault: the bucket's name.
        manifest: what it claims.
        storage: of its archive.
        drills: reports of earlier drills of the database.
        roles: that its globals create; None where it has no globals.
    """

    vault: str
    manifest: Manifest
    storage: StorageState
    drills: tuple[DrillReport, ...]
    roles: tuple[str, ...] | None

    @property
    def live(self) -> str:
        """The name, on its server, of the database that it was taken of."""
        return self.manifest.source.database

    def seconds(self, capacity: FunctionCapacity) -> float:
        """How long a restore takes, by the drills; these ran in the function, the server won't."""
        return DurationForecast(
            embedded=True, memory_mb=capacity.memory_mb, jobs=capacity.settings.jobs
        ).seconds_for(self.manifest.source.bytes, self.drills)
