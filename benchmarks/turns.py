"""Lets pipelines run in turns, and goes on when one of them fails."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.comparisons import Comparison
from benchmarks.cores import WANTED, two_cores
from benchmarks.figures import Compared, Measurement
from benchmarks.harness import Harness, Run
from benchmarks.machine import describe
from benchmarks.pipelines import LIFEBOAT, PLAIN, RECOVERIES, Pipeline
from benchmarks.resource_usage import MemorySampler, last_words
from lifeboat.errors import LifeboatError

SLOW_TURN_SECONDS = 60.0
FEWER = 3
"""Turns that are enough when one takes longer than that."""

type Say = Callable[[str], None]

_FAULTS = (LifeboatError, psycopg.Error, BotoCoreError, ClientError, OSError)


def compare(comparison: Comparison, *, root: Path | None, say: Say) -> Compared:
    """Measure it; what can't be measured is noted with the reason.

    Args:
        comparison: what to measure.
        root: where databases and objects lie; default the system's temporary directory.
        say: told of every run.
    """
    cores = two_cores() if comparison.pinned else None
    if comparison.pinned and cores is None:
        return _nothing(comparison, WANTED)
    try:
        with Harness.open(comparison, root=root, cores=cores) as harness:
            return measured(comparison, harness, say)
    except _FAULTS as error:
        say(f"  {error}")
        return _nothing(comparison, last_words(str(error)))


def measured(comparison: Comparison, harness: Harness, say: Say) -> Compared:
    """Let all run in turns, so that whatever else the machine does meets each of them.

    Raises:
        LifeboatError: the database can't be read at all.
    """
    turns = _Turns(comparison, harness, say)
    backups = [each for each in comparison.pipelines if each.stores]
    recoveries = [each for each in comparison.pipelines if each in RECOVERIES]
    turns.run(backups)
    if recoveries and turns.keep([each for each in (PLAIN, LIFEBOAT) if each in backups]):
        turns.run(recoveries)
    return _compared(comparison).model_copy(
        update={
            "machine": describe(harness),
            "database_bytes": harness.database_bytes,
            "text_bytes": harness.text_bytes() if comparison.pinned else 0,
            "measurements": turns.measurements(),
            "missing": turns.missing,
        }
    )


def fewer(repeat: int, turn_seconds: float) -> int:
    """How many turns there are to be, as soon as it is known how long the first one took."""
    return min(repeat, FEWER) if turn_seconds > SLOW_TURN_SECONDS else repeat


class _Turns:
    """The runs of one comparison so far.

    Attributes:
        missing: why a pipeline has no figures, by its name.
    """

    def __init__(self, comparison: Comparison, harness: Harness, say: Say) -> None:
        self.missing: dict[str, str] = {}
        self._comparison = comparison
        self._harness = harness
        self._say = say
        self._memory: dict[str, MemorySampler] = {}
        self._runs: dict[str, list[Run]] = {each.name: [] for each in comparison.pipelines}

    def run(self, group: Sequence[Pipeline]) -> None:
        """First a run of each in which memory is looked at, which warms up; then the timed ones."""
        for pipeline in group:
            self._try(pipeline, self._sample)
        turn, turns = 0, self._comparison.repeat
        while turn < turns:
            for pipeline in group:
                if pipeline.name not in self.missing:
                    self._try(pipeline, self._time)
            first = [runs[0] for each in group if (runs := self._runs[each.name])]
            turns = fewer(turns, sum(run.measured.seconds for run in first))
            turn += 1

    def keep(self, pipelines: Sequence[Pipeline]) -> bool:
        """Have the bucket hold what these store; whether that went well."""
        try:
            self._harness.keep(*pipelines)
        except _FAULTS as error:
            why = f"There was no backup for it: {last_words(str(error))}"
            self.missing |= {
                each.name: why for each in self._comparison.pipelines if each in RECOVERIES
            }
            return False
        return True

    def measurements(self) -> tuple[Measurement, ...]:
        """Of those that never failed."""
        return tuple(
            Measurement.of(each, self._runs[each.name], self._memory[each.name])
            for each in self._comparison.pipelines
            if each.name not in self.missing
        )

    def _sample(self, pipeline: Pipeline) -> None:
        self._memory[pipeline.name] = self._harness.sample_memory(pipeline)

    def _time(self, pipeline: Pipeline) -> None:
        run = self._harness.run(pipeline)
        self._runs[pipeline.name].append(run)
        self._say(
            f"  {pipeline.name} {run.measured.seconds:.2f} s, CPU {run.measured.cpu_seconds:.2f} s"
            f" (the machine's other work: {run.others_cpu_seconds:.1f} s of CPU)"
        )

    def _try(self, pipeline: Pipeline, work: Callable[[Pipeline], None]) -> None:
        try:
            work(pipeline)
        except _FAULTS as error:
            self.missing[pipeline.name] = last_words(str(error))
            self._say(f"  {pipeline.name} failed: {self.missing[pipeline.name]}")


def _compared(comparison: Comparison) -> Compared:
    return Compared(
        part=comparison.part,
        dataset=comparison.dataset.name,
        asked_mb=comparison.megabytes,
        major=comparison.major,
        measured=datetime.now(UTC).date(),
    )


def _nothing(comparison: Comparison, why: str) -> Compared:
    missing = {each.name: why for each in comparison.pipelines}
    return _compared(comparison).model_copy(update={"missing": missing})
