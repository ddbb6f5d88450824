"""Turns runs into figures: medians with their spread, and how they stand to each other."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from local.bench.contestants import CONTESTANTS, LIFEBOAT, PIPED, PLAIN
from local.bench.meter import Looks
from local.bench.ring import Run

#: What a backup that checks everything may cost, on a database of 1 GB and two cores.
FASTER_THAN_PLAIN = 3.5
SLOWER_THAN_PIPED = 1.6
PEAK_MEGABYTES = 350
#: More of the cores than this with anything else, and times say little about the contestants.
QUIET = 0.1


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
        runs: by the contestant's name, the timed ones.
        looks: by the contestant's name, at a run that was not timed.
    """

    database_bytes: int
    runs: Mapping[str, Sequence[Run]]
    looks: Mapping[str, Looks]

    def seconds(self, name: str) -> Spread:
        """Wall time."""
        return Spread(tuple(run.measured.seconds for run in self.runs[name]))

    def peak_megabytes(self, name: str) -> float:
        """Peak memory of the contestant's processes together, in 10^6 bytes."""
        return self.looks[name].peak_bytes / 1e6

    def cpu_seconds(self, name: str) -> Spread:
        """CPU time of the contestant's processes, without the servers'."""
        return Spread(tuple(run.measured.cpu_seconds for run in self.runs[name]))

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
        by_program = self.looks[name].cpu_seconds_by_program()
        return {
            "seconds": self.seconds(name).to_json(),
            "peak_megabytes": round(self.peak_megabytes(name), 1),
            "cpu_seconds": self.cpu_seconds(name).to_json(),
            "cpu_seconds_by_program": {p: round(by_program[p], 2) for p in sorted(by_program)},
            "postgres_server_cpu_seconds": self._spread("server_cpu_seconds", name).to_json(),
            "s3_server_cpu_seconds": self._spread("s3_cpu_seconds", name).to_json(),
            "others_cpu_seconds": self._spread("others_cpu_seconds", name).to_json(),
            "stored_bytes": self.runs[name][-1].stored_bytes,
        }

    def _spread(self, figure: str, name: str) -> Spread:
        return Spread(tuple(getattr(run, figure) for run in self.runs[name]))

    def others_share(self, name: str) -> float:
        """How much of the cores anything else took while the contestant ran; the median."""
        shares = (
            run.others_cpu_seconds / (run.measured.seconds * (os.cpu_count() or 1))
            for run in self.runs[name]
        )
        return median(shares)


def table(result: Result) -> Table:
    """One size, a line per contestant: how it stands to Lifeboat, then its own figures.

    `others` is the share of the cores that went to neither the contestant nor the servers.
    """
    title = f"A database of {result.database_bytes / 1e6:,.0f} MB"
    drawn = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    drawn.add_column("", no_wrap=True)
    for heading in ("time", "seconds", "CPU s", "others", "peak", "stored"):
        drawn.add_column(heading, justify="right", no_wrap=True)
    ours = result.seconds(LIFEBOAT.name).median
    for contestant in CONTESTANTS:
        name = contestant.name
        drawn.add_row(
            name,
            f"{result.seconds(name).median / ours:.2f} x",
            str(result.seconds(name)),
            f"{result.cpu_seconds(name).median:.1f}",
            f"{result.others_share(name):.0%}",
            f"{result.peak_megabytes(name):.0f} MB",
            f"{result.runs[name][-1].stored_bytes / 1e6:.0f} MB",
        )
    return drawn


def verdicts(results: Sequence[Result]) -> list[str]:
    """The promised figures first: what they are, and whether they are kept."""
    return [line for result in results for line in _verdicts(result)]


def _verdicts(result: Result) -> list[str]:
    ratios, peak = result.ratios(), result.peak_megabytes(LIFEBOAT.name)
    faster, slower = ratios["times_faster_than_plain"], ratios["times_the_time_of_piped"]
    lines = [
        f"A database of {result.database_bytes / 1e6:,.0f} MB:",
        f"  {faster:.2f} x as fast as {PLAIN.does}"
        + _promise("at least", FASTER_THAN_PLAIN, kept=faster >= FASTER_THAN_PLAIN),
        f"  {slower:.2f} x the time of {PIPED.does}, which checks nothing"
        + _promise("at most", SLOWER_THAN_PIPED, kept=slower <= SLOWER_THAN_PIPED),
        f"  {peak:.0f} MB of memory at its peak, children included"
        + _promise("at most", PEAK_MEGABYTES, kept=peak <= PEAK_MEGABYTES),
    ]
    if (share := max(map(result.others_share, result.runs))) > QUIET:
        lines.append(f"  The machine was busy: up to {share:.0%} of its cores with other work")
    return lines


def _promise(bound: str, value: float, *, kept: bool) -> str:
    return f" (promised for 1 GB: {bound} {value:g}{'' if kept else ', MISSED'})"
