"""Forecasts how long a drill takes, from earlier drills and the size of the database.

A forecast that is too long keeps a backup from being tested; one that is too short ends in a clean
timeout. So the rates here are careful, not pessimistic.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lifeboat.model.drill_report import DrillReport
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.settings.function_size import VCPU_MB

MB = 1 << 20

_FIXED_SECONDS = 10.0
"""Fixed part of a first drill: start of the server, roles, stop."""

_SECONDS_PER_BYTE = 1 / (12 * MB)
"""For a database that no drill has measured yet, on one vCPU: about half the speed of drills with
rows of ordinary width, because many indexes take longer."""

_MIN_TELLING_BYTES = 256 * MB
"""Smaller databases show how long a drill takes, but not how it grows with the size."""

_MIN_SECONDS_PER_BYTE = 1 / (1024 * MB)
"""No drill is faster than this, whatever an imprecise clock has measured."""

_READ_BACK_SECONDS_PER_BYTE = 1 / (50 * MB)
"""What reading every value of the copy adds to drills from before they did."""

_GROWING_STEPS = {"fetch", "restore", "compare", "validate"}
"""The steps that take longer for a larger database. Decoding does, too, but during the restore."""

_MAX_VCPUS = 6.0
"""More processors than a function can have are counted as if they were no more: decoding and the
largest table, its indexes included, don't go faster by them."""

_MAX_DRILLS = 5
"""A forecast uses the slowest of this many earlier drills."""


@dataclass(frozen=True)
class DurationModel:
    """A linear model: one measured drill, and what each further byte adds.

    Attributes:
        bytes: of the measured database (pg_database_size); 0 when none was measured.
        seconds: that its drill took.
        seconds_per_byte: added by each further byte; never 0.
    """

    bytes: int
    seconds: float
    seconds_per_byte: float

    def seconds_for(self, database_bytes: int) -> float:
        """Seconds for a database of that size."""
        return max(0.0, self.seconds + (database_bytes - self.bytes) * self.seconds_per_byte)

    def bytes_in(self, seconds: float) -> int:
        """Size of the largest database that fits into that time; 0 when none does."""
        return max(0, self.bytes + int((seconds - self.seconds) / self.seconds_per_byte))


@dataclass(frozen=True, kw_only=True)
class DurationForecast:
    """Forecasts a drill's duration for the function or job that it runs in.

    Attributes:
        embedded: whether the server runs beside it; then the vCPUs of function or machine count.
        memory_mb: of the function or machine.
        jobs: workers of pg_restore.
    """

    embedded: bool
    memory_mb: int
    jobs: int

    def seconds_for(self, database_bytes: int, earlier: Iterable[DrillReport]) -> float:
        """Seconds by the slowest of the last few drills, else by a careful rate.

        Args:
            database_bytes: pg_database_size of what will be restored.
            earlier: reports of the same database, in any order; those with the other kind of
                target, and unfinished ones, don't count.
        """
        alike = [each for each in earlier if (each.target == EMBEDDED) == self.embedded]
        last = sorted(alike, key=lambda report: report.started)[-_MAX_DRILLS:]
        seconds = [
            model.seconds_for(database_bytes) * self._slower_than(report)
            for report in last
            if (model := measured_model(report))
        ]
        return max(seconds, default=self._unmeasured().seconds_for(database_bytes))

    def _slower_than(self, report: DrillReport) -> float:
        if not self.embedded:
            return 1.0
        then = vcpus(report.memory_mb, report.jobs or self.jobs)
        return then / vcpus(self.memory_mb, self.jobs)

    def _unmeasured(self) -> DurationModel:
        processors = vcpus(self.memory_mb, self.jobs) if self.embedded else self.jobs
        return DurationModel(0, _FIXED_SECONDS, _SECONDS_PER_BYTE / processors)


def measured_model(report: DrillReport) -> DurationModel | None:
    """The model that a drill's report gives; None when the drill did not finish."""
    if not report.database_bytes or all(check.name != "rows" for check in report.checks):
        return None
    compared = any(check.name == "content" for check in report.checks)
    more = 0.0 if compared else _READ_BACK_SECONDS_PER_BYTE
    rate = _SECONDS_PER_BYTE
    if report.database_bytes >= _MIN_TELLING_BYTES:
        growing = sum(report.seconds.get(step, 0.0) for step in _GROWING_STEPS)
        rate = max(growing / report.database_bytes + more, _MIN_SECONDS_PER_BYTE)
    seconds = report.total_seconds + more * report.database_bytes
    return DurationModel(report.database_bytes, seconds, rate)


def vcpus(memory_mb: int, jobs: int) -> float:
    """The vCPUs that a restore uses: at most one for each worker, and `_MAX_VCPUS` in all.

    Args:
        memory_mb: of the function or machine. CodeBuild's machines have about as much for each vCPU
            as Lambda gives.
        jobs: workers of pg_restore.
    """
    return min(max(memory_mb, 1) / VCPU_MB, jobs, _MAX_VCPUS)
