"""Whether a backup fits into a function's time, by the database's size and earlier backups.

Sizes are `pg_database_size`, and paces bytes of it a second. Such a byte is no byte on the wire:
indexes and free space are never sent.
"""

from dataclasses import dataclass
from datetime import timedelta

from lifeboat.backup.policy.large_objects import expected_seconds
from lifeboat.errors import OutgrownError
from lifeboat.model.manifest import LargeObjectReads, Manifest
from lifeboat.model.text import format_age, format_size
from lifeboat.settings.function_size import VCPU_MB

USUAL_PACE = 65e6
"""Bytes a second with one vCPU, if no earlier backup tells: careful, as a function's vCPU is half a
core. docs/benchmarks.md has 174e6 for a whole core beside the database, and 81e6 over a network
like a function's."""

WIRE_PACE = 100e6
"""More is not expected of any number of vCPUs: a function gets about 78 MB/s from the network, and
the text of a database's rows has about three quarters of its size (docs/benchmarks.md)."""

MOST_CPUS = 3.0
"""So many processes work at once: pg_dump, the decoder, and this one."""

SLOWEST_PACE = 2e6
"""A database that fits even at this pace needs no closer look."""

MIN_SECONDS = 20.0
"""A shorter dump says nothing of the pace: it is mostly waits and definitions."""

_SHORT = timedelta(minutes=90)
_MINUTE = 60.0


@dataclass(frozen=True)
class DatabaseSize:
    """How large a database is.

    Attributes:
        bytes: all of it.
        excluded: bytes of the tables whose rows are left out, as far as the server knows them.
    """

    bytes: int
    excluded: int = 0

    @property
    def dumped(self) -> int:
        """Bytes of what is dumped."""
        return max(self.bytes - self.excluded, 0)


@dataclass(frozen=True)
class Room:
    """What a function gives a backup.

    Attributes:
        memory_mb: its memory, to which its CPU is proportional.
        minutes: its time limit.
        threshold_percent: the share of that time that a backup may be expected to take.
        seconds_left: until the run has to be over.
    """

    memory_mb: int
    minutes: int
    threshold_percent: int
    seconds_left: float

    @property
    def seconds(self) -> float:
        """How long the backup may be expected to take."""
        return min(self._share, self.seconds_left)

    @property
    def words(self) -> str:
        """Why it may not take longer."""
        if self.seconds_left < self._share:
            return f"and {in_words(max(self.seconds_left, 0))} of the function's time are left"
        return f"more than {self.threshold_percent} % of the {self.minutes} min of a function"

    @property
    def _share(self) -> float:
        return self.minutes * 60 * self.threshold_percent / 100


@dataclass(frozen=True)
class Estimate:
    """How long a backup will take.

    Attributes:
        bytes: that decide.
        pace: bytes a second.
        seconds: that it will take.
    """

    bytes: int
    pace: float
    seconds: float


def surely_fits(size: DatabaseSize, room: Room) -> bool:
    """Whether the database is so small that no earlier backup needs to be asked."""
    return size.dumped / (SLOWEST_PACE * _cpus(room.memory_mb)) <= room.seconds


def estimate(
    size: DatabaseSize, memory_mb: int, newest: Manifest | None, reads: LargeObjectReads | None
) -> Estimate:
    """How long the backup will take with this memory.

    By the newest backup, which had the same rows left out and read the large objects, too; by the
    usual pace if there is none, or if it was too short to tell.

    Args:
        size: of the database.
        memory_mb: of the function.
        newest: the manifest of the newest backup.
        reads: what is known of large objects; None if they are few.
    """
    measured = newest and measured_pace(newest, memory_mb)
    if measured:
        return Estimate(size.bytes, measured, size.bytes / measured)
    pace = min(USUAL_PACE * _cpus(memory_mb), WIRE_PACE)
    more = expected_seconds(reads) if reads else 0.0
    return Estimate(size.dumped, pace, size.dumped / pace + more)


def measured_pace(backup: Manifest, memory_mb: int) -> float | None:
    """The pace of a backup, converted to another amount of memory; None if it was too short.

    CPU is assumed to be what limits it. So more memory than then is credited only up to what the
    network gives, and less memory is slower in proportion: then the run rather becomes a job than
    to lose a day.
    """
    seconds = backup.seconds.get("archive", 0.0) + backup.seconds.get("count", 0.0)
    if seconds < MIN_SECONDS or not backup.source.bytes:
        return None
    found = backup.source.bytes / seconds
    share = _cpus(memory_mb) / _cpus(backup.memory_mb or memory_mb)
    return min(found * share, max(found, WIRE_PACE))


def require_fit(expected: Estimate, room: Room, in_job: Estimate) -> None:
    """Raise unless the function has the time for this backup.

    Args:
        expected: of the function.
        room: that the function has.
        in_job: how long a job would take.

    Raises:
        OutgrownError: it hasn't; says why in a sentence with figures.
    """
    if expected.seconds <= room.seconds:
        return
    raise OutgrownError(
        f"{format_size(expected.bytes)} at {format_size(expected.pace)}/s take about"
        f" {in_words(expected.seconds)}, {room.words}",
        todo='Let it run as a job (engine = "auto" or "job").',
        expected_seconds=in_job.seconds,
    )


def in_words(seconds: float) -> str:
    """A forecast of a duration: 40 s, 31 min, 2.4 h."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    time = timedelta(seconds=seconds)
    return format_age(time) if time < _SHORT else f"{time / timedelta(hours=1):.1f} h"


def _cpus(memory_mb: int) -> float:
    """The vCPUs that a backup can use of those that this memory brings."""
    return min(memory_mb / VCPU_MB, MOST_CPUS)
