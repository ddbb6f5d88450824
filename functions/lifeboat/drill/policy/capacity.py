"""Whether a drill fits into its function, before a byte is fetched; and up to which size it will.

The manifest shows what a restore needs: disk for the archive and the database, and memory for
PostgreSQL and its workers. Earlier drills show how long it takes.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from lifeboat.errors import CapacityError
from lifeboat.model.commands import copy_backup
from lifeboat.model.drill_report import EMBEDDED, DrillReport, Limit
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_size
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


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What the function has for this drill.

    Attributes:
        embedded: whether the server runs in the function; else only the archive needs disk.
        tmp_free_bytes: free in /tmp.
        memory_mb: of the function.
        seconds_left: until the drill has to be over.
    """

    embedded: bool
    tmp_free_bytes: int
    memory_mb: int
    seconds_left: float


@dataclass(frozen=True)
class _Shortage:
    """A resource that isn't enough, and the setting that gives more; None if no setting can."""

    needed: str
    setting: str | None


def require_capacity(
    manifest: Manifest,
    capacity: Capacity,
    *,
    settings: DrillSettings,
    earlier: Iterable[DrillReport],
) -> None:
    """Raise if the function is known to be too small for the drill.

    Args:
        manifest: of the backup to be restored.
        capacity: what the function has.
        settings: of the function.
        earlier: reports of earlier drills of the same database, in any order.

    Raises:
        CapacityError: it doesn't fit; names every shortage and the ways out.
    """
    found = (
        _disk(manifest, capacity, settings),
        _memory(manifest, capacity, settings),
        _time(manifest, capacity, settings, earlier),
    )
    shortages = [each for each in found if each]
    if shortages:
        raise CapacityError(
            f"{manifest.location.id} does not fit into this function:"
            f" {'; '.join(each.needed for each in shortages)}.",
            safe="The backup is untouched; nothing was fetched.",
            todo=_ways_out(manifest, capacity, shortages),
        )


def limits(report: DrillReport, *, function_seconds: float) -> tuple[Limit, ...]:
    """The sizes of the database at which a limit will be reached, by this drill's measurements.

    Args:
        report: of the drill; its own `limits` don't matter.
        function_seconds: that a drill may take before the function ends it.

    Returns:
        One for the RTO, one for the function's time and one for its disk, none below a size that
        this drill showed to fit; nothing when it was not measured to its end.
    """
    model = measured_model(report)
    if model is None or report.archive_bytes is None:
        return ()
    per_database = report.archive_bytes + (model.bytes if report.target == EMBEDDED else 0)
    disk_bytes = max(0, report.ephemeral_mb * MB - DISK_MARGIN_BYTES)
    return (
        Limit(what="rto", database_bytes=model.bytes_in(report.rto_seconds)),
        Limit(what="time", database_bytes=model.bytes_in(function_seconds)),
        Limit(what="disk", database_bytes=model.bytes * disk_bytes // max(1, per_database)),
    )


def _disk(manifest: Manifest, capacity: Capacity, settings: DrillSettings) -> _Shortage | None:
    archive, database = manifest.archive.bytes, manifest.source.bytes if capacity.embedded else 0
    needed = archive + database + DISK_MARGIN_BYTES
    if needed <= capacity.tmp_free_bytes:
        return None
    in_use = max(0, settings.ephemeral_mb * MB - capacity.tmp_free_bytes)
    parts = f"archive {format_size(archive)}, " + (
        f"database {format_size(database)}, " if database else ""
    )
    return _Shortage(
        f"it needs {format_size(needed)} of /tmp ({parts}{format_size(DISK_MARGIN_BYTES)} to"
        f" spare) and {format_size(capacity.tmp_free_bytes)} are free",
        _setting("ephemeral_mb", ceil((needed + in_use) / MB)),
    )


def _memory(manifest: Manifest, capacity: Capacity, settings: DrillSettings) -> _Shortage | None:
    if not capacity.embedded:
        return None
    tables = len(manifest.inventory.tables) * _TABLE_KB // 1024
    needed = _MEMORY_MB + settings.jobs * (_JOB_MB + tables)
    if needed <= capacity.memory_mb:
        return None
    return _Shortage(
        f"it needs {needed} MB of memory for {settings.jobs} workers and"
        f" {len(manifest.inventory.tables)} tables, and the function has {capacity.memory_mb} MB",
        _setting("memory_mb", needed),
    )


def _time(
    manifest: Manifest, capacity: Capacity, settings: DrillSettings, earlier: Iterable[DrillReport]
) -> _Shortage | None:
    forecast = DurationForecast(
        embedded=capacity.embedded, memory_mb=capacity.memory_mb, jobs=settings.jobs
    )
    seconds = forecast.seconds_for(manifest.source.bytes, earlier)
    if seconds <= capacity.seconds_left:
        return None
    longer = capacity.seconds_left + (MAX_TIMEOUT_MINUTES - settings.timeout_minutes) * 60
    setting = None
    if seconds <= longer:
        minutes = settings.timeout_minutes + ceil((seconds - capacity.seconds_left) / 60)
        setting = f"drill.timeout_minutes to {minutes}"
    elif capacity.embedded:
        setting = _more_processors(capacity, settings, seconds / max(capacity.seconds_left, 1.0))
    return _Shortage(
        f"it will take about {seconds:.0f} s and {max(capacity.seconds_left, 0.0):.0f} s are left",
        setting,
    )


def _more_processors(capacity: Capacity, settings: DrillSettings, times: float) -> str | None:
    """The setting that makes a restore this many times faster: vCPUs grow with memory."""
    needed = vcpus(capacity.memory_mb, settings.jobs) * times
    memory = _setting("memory_mb", ceil(needed * VCPU_MB))
    jobs = ceil(needed)
    return f"{memory} and drill.jobs to {jobs}" if memory and jobs > settings.jobs else memory


def _setting(name: str, needed_mb: int) -> str | None:
    """The setting, rounded up to half a gigabyte; None if Lambda has no such size."""
    rounded = ceil(needed_mb / 512) * 512
    return f"drill.{name} to {rounded}" if rounded <= _MAX_MB[name] else None


def _ways_out(manifest: Manifest, capacity: Capacity, shortages: Iterable[_Shortage]) -> str:
    ways = []
    settings = [each.setting for each in shortages]
    known = [setting for setting in settings if setting]
    if len(known) == len(settings):
        ways.append(f"set {' and '.join(known)} in lifeboat.toml, then make deploy")
    if capacity.embedded:
        event = {"database": manifest.database, "target": "<ARN of its secret>"}
        ways.append(
            "restore into a server of your own, whose secret drill.target_secret_arns names:"
            f" invoke the drill with {json.dumps(event)}"
        )
    if not ways:
        ways.append(
            "no function is large enough. Test it manually on a machine with room:"
            f" {copy_backup('<bucket>', manifest.location.prefix)}"
            " && pg_restore -d <empty database> archive.dump"
        )
    text = "; or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."
