"""Whether a drill fits into its function or job, before a byte is fetched; and up to which size.

The manifest shows what a restore needs: disk for the archive and the database, and memory for
PostgreSQL and its workers. Earlier drills show how long it takes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil

from lifeboat.model.drill_report import DrillReport, Limit
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.model.engine import JOB_MARGIN_SECONDS, Engine, Machine
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_duration, format_size
from lifeboat.recovery.policy.duration import MB, DurationForecast, measured_model, vcpus
from lifeboat.settings import DrillSettings
from lifeboat.settings.function_size import (
    MAX_EPHEMERAL_MB,
    MAX_MEMORY_MB,
    MAX_TIMEOUT_MINUTES,
    VCPU_MB,
)

DISK_MARGIN_BYTES = 100 * MB
"""For the server's own files (a fresh cluster has 40 MB), its log, sorts and globals."""

_MAX_MB = {"memory_mb": MAX_MEMORY_MB, "ephemeral_mb": MAX_EPHEMERAL_MB}

_MEMORY_MB = 384
"""Python with its libraries (130 MB), the server with its buffers (150 MB) and pg_restore, with
room to spare. It doesn't grow with the database: rows stream through, sorts spill to disk.
"""

_JOB_MB = 96
"""Each worker: a backend with its maintenance_work_mem and a pg_restore of its own."""

_TABLE_KB = 12
"""Each table, in each worker: its place in pg_restore's table of contents and in a backend's
caches. Nothing for a hundred tables, 120 MB for ten thousand.
"""

_PLACES = {Engine.FUNCTION: "/tmp", Engine.JOB: "disk"}  # noqa: S108  # as people read it
_OWNERS = {Engine.FUNCTION: "the function", Engine.JOB: "the job's machine"}


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the function, or the job, has for this drill.

    Attributes:
        embedded: whether the server runs in it; else only the archive needs disk.
        tmp_free_bytes: free in /tmp, or on the machine's disk.
        memory_mb: of the function or machine.
        seconds_left: until the drill has to be over.
        engine: which of them it is.
        share: of that time the drill is to be expected to need at most, from 0 to 1.
    """

    embedded: bool
    tmp_free_bytes: int
    memory_mb: int
    seconds_left: float
    engine: Engine = Engine.FUNCTION
    share: float = 1.0


def capacity_of(machine: Machine, hours: int, *, embedded: bool) -> Capacity:
    """What a job has at its start.

    Args:
        machine: that it runs on.
        hours: that it may take.
        embedded: see `Capacity`.
    """
    return Capacity(
        embedded=embedded,
        tmp_free_bytes=machine.disk_mb * MB,
        memory_mb=machine.memory_mb,
        seconds_left=hours * 3600.0 - JOB_MARGIN_SECONDS,
        engine=Engine.JOB,
    )


@dataclass(frozen=True)
class Shortage:
    """A resource that isn't enough.

    Attributes:
        needed: how much is needed and how much is there, in words.
        setting: the setting that gives a function more; None if none can, and for a job.
    """

    needed: str
    setting: str | None


def shortages(
    manifest: Manifest,
    capacity: Capacity,
    settings: DrillSettings,
    earlier: Collection[DrillReport],
) -> tuple[Shortage, ...]:
    """What is known to be too little for the drill; nothing if it fits.

    Args:
        manifest: of the backup to be restored.
        capacity: what the function or job has.
        settings: of the function; for a job those of its machine (`Settings.for_job`).
        earlier: reports of earlier drills of the same database, in any order.
    """
    found = (
        _disk(manifest, capacity, settings),
        _memory(manifest, capacity, settings),
        _time(manifest, capacity, settings, earlier),
    )
    return tuple(each for each in found if each)


def expected_seconds(
    manifest: Manifest,
    capacity: Capacity,
    settings: DrillSettings,
    earlier: Collection[DrillReport],
) -> float:
    """How long the drill will take; the arguments are those of `shortages`."""
    forecast = DurationForecast(
        embedded=capacity.embedded, memory_mb=capacity.memory_mb, jobs=settings.jobs
    )
    return forecast.seconds_for(manifest.source.bytes, earlier)


def limits(report: DrillReport, *, seconds: float) -> tuple[Limit, ...]:
    """The sizes of the database at which a limit will be reached, by this drill's measurements.

    Args:
        report: of the drill; its own `limits` don't matter.
        seconds: that a drill may take before the function, or the job, ends it.

    Returns:
        One for the RTO, one for that time and one for the disk, none below a size that this drill
        showed to fit; nothing when it was not measured to its end.
    """
    model = measured_model(report)
    if model is None or report.archive_bytes is None:
        return ()
    per_database = report.archive_bytes + (model.bytes if report.target == EMBEDDED else 0)
    disk_bytes = max(0, report.ephemeral_mb * MB - DISK_MARGIN_BYTES)
    return (
        Limit(what="rto", database_bytes=model.bytes_in(report.rto_seconds)),
        Limit(what="time", database_bytes=model.bytes_in(seconds)),
        Limit(what="disk", database_bytes=model.bytes * disk_bytes // max(1, per_database)),
    )


def _disk(manifest: Manifest, capacity: Capacity, settings: DrillSettings) -> Shortage | None:
    archive, database = manifest.archive.bytes, manifest.source.bytes if capacity.embedded else 0
    needed = archive + database + DISK_MARGIN_BYTES
    if needed <= capacity.tmp_free_bytes:
        return None
    in_use = max(0, settings.ephemeral_mb * MB - capacity.tmp_free_bytes)
    parts = f"archive {format_size(archive)}, " + (
        f"database {format_size(database)}, " if database else ""
    )
    return Shortage(
        f"it needs {format_size(needed)} of {_PLACES[capacity.engine]} ({parts}"
        f"{format_size(DISK_MARGIN_BYTES)} to spare)"
        f" and {format_size(capacity.tmp_free_bytes)} are free",
        _setting(capacity, "ephemeral_mb", ceil((needed + in_use) / MB)),
    )


def _memory(manifest: Manifest, capacity: Capacity, settings: DrillSettings) -> Shortage | None:
    if not capacity.embedded:
        return None
    tables = len(manifest.inventory.tables) * _TABLE_KB // 1024
    needed = _MEMORY_MB + settings.jobs * (_JOB_MB + tables)
    if needed <= capacity.memory_mb:
        return None
    return Shortage(
        f"it needs {needed} MB of memory for {settings.jobs} workers and"
        f" {len(manifest.inventory.tables)} tables, and {_OWNERS[capacity.engine]} has"
        f" {capacity.memory_mb} MB",
        _setting(capacity, "memory_mb", needed),
    )


def _time(
    manifest: Manifest,
    capacity: Capacity,
    settings: DrillSettings,
    earlier: Collection[DrillReport],
) -> Shortage | None:
    seconds, left = expected_seconds(manifest, capacity, settings, earlier), capacity.seconds_left
    if seconds <= left * capacity.share:
        return None
    told = f"it will take about {format_duration(seconds)}"
    if seconds <= left:
        return Shortage(
            f"{told} of the {format_duration(left)} that are left, more than {capacity.share:.0%}",
            None,
        )
    setting = None
    if capacity.engine is Engine.FUNCTION:
        setting = _more_time(capacity, settings, seconds)
    return Shortage(f"{told} and {format_duration(max(left, 0.0))} are left", setting)


def _more_time(capacity: Capacity, settings: DrillSettings, seconds: float) -> str | None:
    """The setting that gives a function that time, or makes the drill faster."""
    left = capacity.seconds_left
    longer = left + (MAX_TIMEOUT_MINUTES - settings.timeout_minutes) * 60
    if seconds <= longer:
        minutes = settings.timeout_minutes + ceil((seconds - left) / 60)
        return f"drill.timeout_minutes to {minutes}"
    if capacity.embedded:
        return _more_processors(capacity, settings, seconds / max(left, 1.0))
    return None


def _more_processors(capacity: Capacity, settings: DrillSettings, times: float) -> str | None:
    """The setting that makes a restore this many times faster: vCPUs grow with memory."""
    needed = vcpus(capacity.memory_mb, settings.jobs) * times
    memory = _setting(capacity, "memory_mb", ceil(needed * VCPU_MB))
    jobs = ceil(needed)
    return f"{memory} and drill.jobs to {jobs}" if memory and jobs > settings.jobs else memory


def _setting(capacity: Capacity, name: str, needed_mb: int) -> str | None:
    """The setting, rounded up to half a gigabyte; None if Lambda has no such size."""
    rounded = ceil(needed_mb / 512) * 512
    possible = capacity.engine is Engine.FUNCTION and rounded <= _MAX_MB[name]
    return f"drill.{name} to {rounded}" if possible else None
