"""What was measured, as it is kept in a file, and how it stands to what was promised."""

import os
from collections.abc import Iterator, Mapping
from datetime import date
from statistics import median
from typing import Self

from pydantic import BaseModel, ConfigDict

from benchmarks.datasets import SAMPLE, Dataset
from benchmarks.harness import Run
from benchmarks.pipelines import (
    DRILL,
    LIFEBOAT,
    PEER,
    PIPED,
    PLAIN,
    Pipeline,
)
from benchmarks.resource_usage import MemorySampler
from lifeboat.model.drill_report import DrillReport

#: More of the cores than this with anything else, and times say little about the pipelines.
QUIET = 0.1
#: A program that took less isn't worth a word.
_NOTICED_SECONDS = 0.05


class Measurement(BaseModel):
    """One pipeline with one database.

    Attributes:
        dataset: the database's kind.
        over_network: through a network like a function's.
        database_bytes: its size, with its indexes.
        pipeline: whose figures these are.
        seconds: by the clock on the wall, of each run.
        cpu_seconds: of a run, by program; `postgres` is the source's server (in a drill its own),
            `S3` the S3 server.
        others_share: how much of the cores anything else took meanwhile.
        peak_bytes: the most memory that its processes held at one time.
        stored_bytes: of the object that it left in the bucket.
        steps: of a drill, the seconds of each step.
        disk_bytes: of a drill, what it took of /tmp.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    over_network: bool
    database_bytes: int
    pipeline: str
    seconds: tuple[float, ...]
    cpu_seconds: Mapping[str, float]
    others_share: float
    peak_bytes: int
    stored_bytes: int = 0
    steps: Mapping[str, float] = {}
    disk_bytes: int = 0

    @property
    def median(self) -> float:
        """The middle one of its times."""
        return median(self.seconds)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        pipeline: Pipeline,
        *,
        runs: list[Run],
        memory: MemorySampler,
        **more: object,
    ) -> Self:
        """Sum up what the runs of a pipeline gave.

        Args:
            dataset: the database's kind.
            pipeline: who.
            runs: the timed ones, at least one.
            memory: at a run that was not timed.
            more: the other fields.
        """
        report = None
        if pipeline is DRILL:
            report = DrillReport.from_json(runs[-1].measured.output.encode())
        return cls.model_validate(
            {
                "dataset": dataset.name,
                "pipeline": pipeline.name,
                "seconds": [round(run.measured.seconds, 2) for run in runs],
                "cpu_seconds": _by_program(runs, memory),
                "others_share": round(median(map(_others_share, runs)), 3),
                "peak_bytes": memory.peak_bytes,
                "stored_bytes": runs[-1].stored_bytes,
                "steps": report.seconds if report else {},
                "disk_bytes": report.disk_bytes if report else 0,
                **more,
            }
        )


class Benchmark(BaseModel):
    """Everything of one run of the bench.

    Attributes:
        measured: on which day.
        machine: what it ran on, by name.
        measurements: in the order in which they were taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured: date
    machine: Mapping[str, str]
    measurements: tuple[Measurement, ...]

    def sizes(self, dataset: str = SAMPLE.name, *, over_network: bool = False) -> list[int]:
        """The databases' sizes, in bytes, that were measured; ascending."""
        return sorted({m.database_bytes for m in self.which(dataset, over_network=over_network)})

    def which(
        self, dataset: str = SAMPLE.name, *, over_network: bool = False, database_bytes: int = 0
    ) -> Iterator[Measurement]:
        """Those of one kind of database (and of one size, where one is given)."""
        for each in self.measurements:
            fits = database_bytes in (0, each.database_bytes)
            if fits and (each.dataset, each.over_network) == (dataset, over_network):
                yield each

    def main_size(self) -> int:
        """The size at which everybody was measured, which the promises are about."""
        return next(self.of(PLAIN)).database_bytes

    def of(self, pipeline: Pipeline) -> Iterator[Measurement]:
        """A pipeline's with the ordinary database, by size."""
        found = (each for each in self.which() if each.pipeline == pipeline.name)
        return iter(sorted(found, key=lambda each: each.database_bytes))

    def at_main_size(self, pipeline: Pipeline) -> Measurement:
        """A pipeline's figures at the size at which everybody was measured."""
        size = self.main_size()
        return next(each for each in self.of(pipeline) if each.database_bytes == size)


class Promise(BaseModel):
    """A figure that was promised, and what came of it.

    Attributes:
        says: what the figure is.
        value: what was measured.
        bound: what was promised, in words.
        kept: whether the one is within the other.
    """

    model_config = ConfigDict(frozen=True)

    says: str
    value: str
    bound: str
    kept: bool


def promises(found: Benchmark) -> list[Promise]:
    """The promises: at the size at which everybody was measured, and about growth."""
    ours = found.at_main_size(LIFEBOAT).median
    plain, peer, piped = (found.at_main_size(each).median for each in (PLAIN, PEER, PIPED))
    peaks = [each.peak_bytes / 1e6 for each in found.of(LIFEBOAT)]
    drill = found.at_main_size(DRILL).median
    return [
        _at_least(f"as fast as the usual script, `{PLAIN.does}`", plain / ours, 4.0),
        _at_least(f"as fast as the nearest peer, `{PEER.does}`", peer / ours, 1.7),
        _at_most(f"the time of `{PIPED.does}`, which checks nothing", ours / piped, 1.4),
        _at_most("for a drill of the same database", drill, 60, " s"),
        _at_most("of memory for a backup at its peak, at any size", max(peaks), 350, " MB"),
        _at_most("the memory at the largest size against the smallest", peaks[-1] / peaks[0], 1.25),
    ]


def busy(found: Benchmark) -> list[Measurement]:
    """Those that the machine's other work disturbed."""
    return [each for each in found.measurements if each.others_share > QUIET]


def _at_least(says: str, value: float, bound: float) -> Promise:
    return Promise(
        says=says, value=f"{value:.2f} x", bound=f"at least {bound:g}", kept=value >= bound
    )


def _at_most(says: str, value: float, bound: float, unit: str = " x") -> Promise:
    shown = f"{value:.2f} x" if unit == " x" else f"{value:.0f}{unit}"
    return Promise(says=says, value=shown, bound=f"at most {bound:g}", kept=value <= bound)


def _by_program(runs: list[Run], memory: MemorySampler) -> dict[str, float]:
    """CPU by program: the pipeline's own as looked at, the servers' as of the timed runs."""
    found = {name.rstrip("0123456789."): 0.0 for name in memory.cpu_seconds_by_program()}
    for name, seconds in memory.cpu_seconds_by_program().items():
        found[name.rstrip("0123456789.")] += seconds
    own = found.get("postgres", 0.0)
    found["postgres"] = own + median(run.server_cpu_seconds for run in runs)
    found["S3"] = median(run.s3_cpu_seconds for run in runs)
    return {
        name: round(seconds, 2)
        for name, seconds in sorted(found.items())
        if seconds >= _NOTICED_SECONDS
    }


def _others_share(run: Run) -> float:
    return run.others_cpu_seconds / (run.measured.seconds * (os.cpu_count() or 1))
