"""How long a drill takes: forecast from those before, and how that grows with the database.

A forecast that wrongly says "too long" keeps a backup from being tested; one that wrongly says "in
time" ends in a clean time-out. So the rates here are careful, not pessimistic.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lifeboat.model.drill_report import EMBEDDED, DrillReport
from lifeboat.settings.function_size import VCPU_MB

MB = 1 << 20

_FIXED_SECONDS = 10.0
"""Of a first drill, beside what grows: start of the server, roles, stop."""

_SECONDS_PER_BYTE = 1 / (12 * MB)
"""Of a database that no drill has measured yet, on one vCPU: about half the pace of drills with
rows of ordinary width, since many indexes take longer."""

_TELLING_BYTES = 256 * MB
"""Databases smaller than this say how long a drill takes, but not how it will grow."""

_FASTEST_SECONDS_PER_BYTE = 1 / (1024 * MB)
"""No drill is faster than this, whatever a coarse clock has measured."""

_GROWING = {"fetch", "decode", "restore", "compare", "validate"}
"""The steps that take longer for a larger database."""

_LAST = 5
"""Earlier drills that a forecast is made from: the slowest of them counts."""


@dataclass(frozen=True)
class Course:
    """How long drills take: one that was measured, and what each further byte adds.

    Attributes:
        bytes: of the database (pg_database_size) that was measured; 0 when none was.
        seconds: that its drill took.
        seconds_per_byte: added by each byte more; never 0.
    """

    bytes: int
    seconds: float
    seconds_per_byte: float

    def seconds_for(self, database_bytes: int) -> float:
        """The time for a database of that size."""
        return max(0.0, self.seconds + (database_bytes - self.bytes) * self.seconds_per_byte)

    def bytes_in(self, seconds: float) -> int:
        """The largest database that is done in that time; 0 when none is."""
        return max(0, self.bytes + int((seconds - self.seconds) / self.seconds_per_byte))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Where a drill is about to run.

    Attributes:
        embedded: the server runs in the function, so that the function's processors count.
        memory_mb: of the function.
        jobs: workers of pg_restore.
    """

    embedded: bool
    memory_mb: int
    jobs: int

    def seconds_for(self, database_bytes: int, earlier: Iterable[DrillReport]) -> float:
        """How long it will take: by the slowest of the last few drills, else by a careful rate.

        Args:
            database_bytes: pg_database_size of what will be restored.
            earlier: reports of the same database, in any order; those of the other kind of target
                or without an end don't count.
        """
        alike = [each for each in earlier if (each.target == EMBEDDED) == self.embedded]
        last = sorted(alike, key=lambda report: report.started)[-_LAST:]
        seconds = [
            course.seconds_for(database_bytes) * self._slower_than(report)
            for report in last
            if (course := course_of(report))
        ]
        return max(seconds, default=self._unmeasured().seconds_for(database_bytes))

    def _slower_than(self, report: DrillReport) -> float:
        if not self.embedded:
            return 1.0
        return vcpus(report.memory_mb, self.jobs) / vcpus(self.memory_mb, self.jobs)

    def _unmeasured(self) -> Course:
        processors = vcpus(self.memory_mb, self.jobs) if self.embedded else self.jobs
        return Course(0, _FIXED_SECONDS, _SECONDS_PER_BYTE / processors)


def course_of(report: DrillReport) -> Course | None:
    """What a drill shows about its own pace; None when it was not measured to its end."""
    if not report.database_bytes or all(check.name != "rows" for check in report.checks):
        return None
    rate = _SECONDS_PER_BYTE
    if report.database_bytes >= _TELLING_BYTES:
        growing = sum(report.seconds.get(step, 0.0) for step in _GROWING)
        rate = max(growing / report.database_bytes, _FASTEST_SECONDS_PER_BYTE)
    return Course(report.database_bytes, report.total_seconds, rate)


def vcpus(memory_mb: int, jobs: int) -> float:
    """How many processors work for a restore: by memory, and no more than there are workers."""
    return min(max(memory_mb, 1) / VCPU_MB, jobs)
