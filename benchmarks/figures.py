"""What was measured, as it is kept in a file."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from statistics import median
from typing import Self

from pydantic import BaseModel, ConfigDict

from benchmarks.datasets import SAMPLE, Dataset
from benchmarks.harness import Run
from benchmarks.pipelines import DRILL, Pipeline
from benchmarks.resource_usage import MemorySampler
from lifeboat.model.drill_report import DrillReport

#: More of the cores than this with anything else, and times say little about the pipelines.
QUIET = 0.1
#: A program that took less isn't worth a word.
_NOTICED_SECONDS = 0.05


class Measurement(BaseModel):
    """One pipeline with one database.

    Attributes:
        pipeline: whose figures these are.
        seconds: by the clock on the wall, of each run; the runs of all pipelines of a comparison
            are in turns.
        client_cpu_seconds: of the pipeline's own processes, of each run; none in old figures.
        cpu_seconds: of a run, by program; `postgres` is the source's server (in a drill its own),
            `S3` the S3 server, `network` what stands for the network.
        others_share: how much of the cores anything else took meanwhile.
        peak_bytes: the most memory that its processes held at one time, of one more run.
        stored_bytes: of the object that it left in the bucket.
        steps: of a drill, the seconds of each step.
        disk_bytes: of a drill, what it took of /tmp.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    seconds: tuple[float, ...]
    client_cpu_seconds: tuple[float, ...] = ()
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
    def of(cls, pipeline: Pipeline, runs: Sequence[Run], memory: MemorySampler) -> Self:
        """Sum up what the runs of a pipeline gave.

        Args:
            pipeline: who.
            runs: the timed ones, at least one.
            memory: at a run that was not timed.
        """
        report = None
        if pipeline is DRILL:
            report = DrillReport.from_json(runs[-1].measured.output.encode())
        return cls(
            pipeline=pipeline.name,
            seconds=tuple(round(run.measured.seconds, 3) for run in runs),
            client_cpu_seconds=tuple(round(run.measured.cpu_seconds, 3) for run in runs),
            cpu_seconds=_by_program(runs, memory),
            others_share=round(median(map(_others_share, runs)), 3),
            peak_bytes=memory.peak_bytes,
            stored_bytes=runs[-1].stored_bytes,
            steps=report.seconds if report else {},
            disk_bytes=(report.disk_bytes or 0) if report else 0,
        )


class Compared(BaseModel):
    """Pipelines that ran in turns with one database.

    Attributes:
        part: of the bench.
        dataset: the database's kind.
        asked_mb: the size that was asked for, in megabytes; 0 for an empty database.
        major: of PostgreSQL.
        measured: on which day.
        machine: what it ran on, by name.
        database_bytes: the database's size, with its indexes.
        text_bytes: of a plain dump of it; 0 where nobody needs it.
        measurements: in the order of the pipelines.
        missing: why a pipeline has no figures, by its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    dataset: str
    asked_mb: float
    major: int
    measured: date
    machine: Mapping[str, str] = {}
    database_bytes: int = 0
    text_bytes: int = 0
    measurements: tuple[Measurement, ...] = ()
    missing: Mapping[str, str] = {}

    @property
    def key(self) -> tuple[str, str, float, int]:
        """Which comparison it is; a later one with the same key is instead of it."""
        return self.part, self.dataset, self.asked_mb, self.major

    def of(self, pipeline: Pipeline) -> Measurement | None:
        """A pipeline's figures, if it has any."""
        found = (each for each in self.measurements if each.pipeline == pipeline.name)
        return next(found, None)


class Benchmark(BaseModel):
    """All that is known, measured on one occasion or several.

    Attributes:
        comparisons: in the order of the parts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    comparisons: tuple[Compared, ...] = ()

    def part(self, name: str) -> list[Compared]:
        """The comparisons of a part, in the order in which they are to be shown."""
        return [each for each in self.comparisons if each.part == name]

    def find(self, part: str, dataset: Dataset = SAMPLE, megabytes: float = 0) -> Compared | None:
        """The first comparison of a kind of database, and of a size where one is given."""
        for each in self.part(part):
            if each.dataset == dataset.name and megabytes in (0, each.asked_mb):
                return each
        return None

    def everything(self) -> Iterator[Measurement]:
        """Of all comparisons."""
        for each in self.comparisons:
            yield from each.measurements

    def with_new(self, new: Compared) -> Self:
        """The same with a comparison that was just measured, instead of an earlier one."""
        kept = [each for each in self.comparisons if each.key != new.key]
        return self.model_copy(update={"comparisons": (*kept, new)})

    def only(self, part: str, wanted: Sequence[Compared]) -> Self:
        """The same when a part is done: of that part only these, in this order."""
        others = [each for each in self.comparisons if each.part != part]
        return self.model_copy(update={"comparisons": (*others, *wanted)})


def busy(found: Benchmark) -> list[Measurement]:
    """Those that the machine's other work disturbed."""
    return [each for each in found.everything() if each.others_share > QUIET]


def _by_program(runs: Sequence[Run], memory: MemorySampler) -> dict[str, float]:
    """CPU by program: the pipeline's own as looked at, the servers' as of the timed runs."""
    found = {name.rstrip("0123456789."): 0.0 for name in memory.cpu_seconds_by_program()}
    for name, seconds in memory.cpu_seconds_by_program().items():
        found[name.rstrip("0123456789.")] += seconds
    own = found.get("postgres", 0.0)
    found["postgres"] = own + median(run.server_cpu_seconds for run in runs)
    found["S3"] = median(run.s3_cpu_seconds for run in runs)
    found["network"] = median(run.network_cpu_seconds for run in runs)
    return {
        name: round(seconds, 2)
        for name, seconds in sorted(found.items())
        if seconds >= _NOTICED_SECONDS
    }


def _others_share(run: Run) -> float:
    return run.others_cpu_seconds / (run.measured.seconds * (os.cpu_count() or 1))
