"""Turns runs into figures: medians with their spread, and how they stand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table

from local.bench.contestants import CONTESTANTS, LIFEBOAT, PIPED, PLAIN
from local.bench.ring import Run

#: What a backup that checks everything may cost, on a database of 1 GB and two cores.
FASTER_THAN_PLAIN = 3.5
SLOWER_THAN_PIPED = 1.6
PEAK_MEGABYTES = 350


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.values)

    def __str__(self) -> str:
        """The median, and the smallest and largest where there are several."""
        middle = f"{self.median:.2f}"
        if len(self.values) == 1:
            return middle
        return f"{middle} ({min(self.values):.2f}-{max(self.values):.2f})"

    def to_json(self) -> dict[str, Any]:
        """All of it, rounded."""
        return {
            "median": round(self.median, 3),
            "min": round(min(self.values), 3),
            "max": round(max(self.values), 3),
            "all": [round(value, 3) for value in self.values],
        }


@dataclass(frozen=True)
class Result:
    """What came of one size.

    Attributes:
        database_bytes: the database's size, with its indexes.
        runs: by the contestant's name.
    """

    database_bytes: int
    runs: Mapping[str, Sequence[Run]]

    def seconds(self, name: str) -> Spread:
        """Wall time."""
        return Spread(tuple(run.measured.seconds for run in self.runs[name]))

    def peak_megabytes(self, name: str) -> Spread:
        """Peak memory of the contestant's processes together, in 10^6 bytes."""
        return Spread(tuple(run.measured.peak_bytes / 1e6 for run in self.runs[name]))

    def cpu_seconds(self, name: str) -> Spread:
        """CPU time of the contestant's processes, without the servers'."""
        return Spread(tuple(run.measured.cpu_seconds for run in self.runs[name]))

    def others_cpu_seconds(self, name: str) -> Spread:
        """CPU time that the machine spent on anything else during the runs."""
        return Spread(tuple(run.others_cpu_seconds for run in self.runs[name]))

    def ratios(self) -> dict[str, float]:
        """The comparisons that were promised, of medians."""
        ours = self.seconds(LIFEBOAT.name).median
        return {
            "times_faster_than_plain": round(self.seconds(PLAIN.name).median / ours, 2),
            "times_the_time_of_piped": round(ours / self.seconds(PIPED.name).median, 2),
        }

    def to_json(self) -> dict[str, Any]:
        """Everything that was measured."""
        return {
            "database_bytes": self.database_bytes,
            "ratios": self.ratios(),
            "contestants": {name: self._contestant(name) for name in self.runs},
        }

    def _contestant(self, name: str) -> dict[str, Any]:
        last = self.runs[name][-1]
        return {
            "seconds": self.seconds(name).to_json(),
            "peak_megabytes": self.peak_megabytes(name).to_json(),
            "cpu_seconds": self.cpu_seconds(name).to_json(),
            "others_cpu_seconds": self.others_cpu_seconds(name).to_json(),
            "last_run": {
                "cpu_seconds_by_program": {
                    program: round(seconds, 2)
                    for program, seconds in last.measured.cpu_seconds_by_program.items()
                },
                "postgres_server_cpu_seconds": round(last.server_cpu_seconds, 2),
                "s3_server_cpu_seconds": round(last.s3_cpu_seconds, 2),
                "stored_bytes": last.stored_bytes,
            },
        }


def table(result: Result) -> Table:
    """One size, a line per contestant: how it stands to Lifeboat, then its own figures."""
    drawn = Table(title=f"A database of {result.database_bytes / 1e6:,.0f} MB")
    drawn.add_column("")
    for heading in ("time", "seconds", "peak MB", "CPU s", "servers'", "others'", "stored MB"):
        drawn.add_column(heading, justify="right")
    ours = result.seconds(LIFEBOAT.name).median
    for contestant in CONTESTANTS:
        name, last = contestant.name, result.runs[contestant.name][-1]
        drawn.add_row(
            name,
            f"{result.seconds(name).median / ours:.2f} x",
            str(result.seconds(name)),
            f"{result.peak_megabytes(name).median:.0f}",
            f"{result.cpu_seconds(name).median:.1f}",
            f"{last.server_cpu_seconds:.1f} + {last.s3_cpu_seconds:.1f}",
            f"{result.others_cpu_seconds(name).median:.1f}",
            f"{last.stored_bytes / 1e6:.0f}",
        )
    return drawn


def verdicts(results: Sequence[Result]) -> list[str]:
    """The promised figures first: what they are, and whether they are kept."""
    lines = []
    for result in results:
        ratios, size = result.ratios(), f"{result.database_bytes / 1e6:,.0f} MB"
        faster, slower = ratios["times_faster_than_plain"], ratios["times_the_time_of_piped"]
        peak = max(result.peak_megabytes(LIFEBOAT.name).values)
        lines += [
            _verdict(
                f"{size}: {faster:.2f} x as fast as {PLAIN.does}",
                f"at least {FASTER_THAN_PLAIN}",
                kept=faster >= FASTER_THAN_PLAIN,
            ),
            _verdict(
                f"{size}: {slower:.2f} x the time of {PIPED.does}, which checks nothing",
                f"at most {SLOWER_THAN_PIPED}",
                kept=slower <= SLOWER_THAN_PIPED,
            ),
            _verdict(
                f"{size}: {peak:.0f} MB peak memory, children included",
                f"at most {PEAK_MEGABYTES}",
                kept=peak <= PEAK_MEGABYTES,
            ),
        ]
    return lines


def _verdict(figure: str, promise: str, *, kept: bool) -> str:
    return f"{'kept  ' if kept else 'MISSED'} {figure} (promised for 1 GB: {promise})"
