"""`make bench`: measure, then write the figures, a page and a picture of them.

Everybody at one size in turns; then growth, odd shapes, and a network like a function's, with
Lifeboat and the fastest way that checks nothing. About forty minutes with the defaults; a
machine with other work gives figures of the other work.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.datasets import SAMPLE, SHAPES, Dataset
from benchmarks.figures import Benchmark, Measurement, promises
from benchmarks.harness import REPOSITORY, Harness, Run
from benchmarks.machine import describe
from benchmarks.page import write
from benchmarks.pipelines import (
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    PLAIN,
    RECOVERIES,
    Pipeline,
)
from layers.postgres import MAJORS

PARTS = ("main", "growth", "shapes", "network")


@dataclass(frozen=True)
class Comparison:
    """Which pipelines run with which database, and how often."""

    dataset: Dataset
    megabytes: float
    pipelines: tuple[Pipeline, ...]
    repeat: int = 1
    over_network: bool = False


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, or draw again what was measured before."""
    options = _parser().parse_args(argv)
    console = Console(highlight=False, soft_wrap=True)
    if not options.draw_only:
        options.out.mkdir(parents=True, exist_ok=True)
        for so_far in _measure(options, console):  # kept, should it be interrupted
            _figures(options.out).write_text(so_far.model_dump_json(indent=1) + "\n")
    found = Benchmark.model_validate_json(_figures(options.out).read_bytes())
    for promise in promises(found):
        kept = "" if promise.kept else ", MISSED"
        console.print(f"{promise.value} {promise.says} (promised: {promise.bound}{kept})")
    console.print(f"Written: {write(found, options.out)}")


def comparisons(options: argparse.Namespace) -> Iterator[Comparison]:
    """What is to be measured, the promised figures first."""
    few = (PIPED, LIFEBOAT, DRILL)
    if "main" in options.parts:
        yield Comparison(SAMPLE, options.size_mb, EVERYONE, options.repeat)
    if "growth" in options.parts:
        yield from (Comparison(SAMPLE, megabytes, few) for megabytes in options.growth_mb)
    if "shapes" in options.parts:
        yield from (Comparison(shape, options.shape_mb, few) for shape in SHAPES)
    if "network" in options.parts:
        yield Comparison(SAMPLE, options.size_mb, (PEER, *few), over_network=True)


def _measure(options: argparse.Namespace, console: Console) -> Iterator[Benchmark]:
    """All that was measured so far, after each comparison."""
    machine: dict[str, str] = {}
    measurements: list[Measurement] = []
    for comparison in comparisons(options):
        console.print(
            f"{comparison.dataset.name}, {comparison.megabytes:g} MB"
            f"{', over a network' if comparison.over_network else ''}: filling"
        )
        with Harness.open(
            comparison.dataset,
            comparison.megabytes,
            major=options.major,
            root=options.root,
            over_network=comparison.over_network,
        ) as harness:
            machine = machine or describe(harness)
            measurements += measured(comparison, harness, console)
        yield Benchmark(
            measured=datetime.now(UTC).date(), machine=machine, measurements=tuple(measurements)
        )


def measured(comparison: Comparison, harness: Harness, console: Console) -> list[Measurement]:
    """Let all run in turns, so that whatever else the machine does meets each of them.

    The first turn warms everything up, and is the one in which memory is looked at.
    """
    memory = {}
    runs: dict[str, list[Run]] = {pipeline.name: [] for pipeline in comparison.pipelines}
    backups = [each for each in comparison.pipelines if each.stores]
    recoveries = [each for each in comparison.pipelines if each in RECOVERIES]
    for group in (backups, recoveries):
        if group is recoveries:
            harness.keep(*(each for each in (PLAIN, LIFEBOAT) if each in backups))
        for pipeline in group:
            memory[pipeline.name] = harness.sample_memory(pipeline)
        for _ in range(comparison.repeat):
            for pipeline in group:
                run = harness.run(pipeline)
                runs[pipeline.name].append(run)
                console.print(
                    f"  {pipeline.name} {run.measured.seconds:.2f} s"
                    f" (the machine's other work: {run.others_cpu_seconds:.1f} s of CPU)"
                )
    return [
        Measurement.of(
            comparison.dataset,
            pipeline,
            runs=runs[pipeline.name],
            memory=memory[pipeline.name],
            over_network=comparison.over_network,
            database_bytes=harness.database_bytes,
        )
        for pipeline in comparison.pipelines
    ]


def _figures(out: Path) -> Path:
    return out / "benchmarks.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--size-mb", type=float, default=1000.0, help="where everybody runs")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs of each there")
    parser.add_argument("--growth-mb", type=float, nargs="*", default=[100.0, 300.0, 3000.0])
    parser.add_argument("--shape-mb", type=float, default=300.0)
    parser.add_argument("--major", type=int, default=18, choices=MAJORS)
    parser.add_argument("--root", type=Path, default=REPOSITORY / "build", help="for databases")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs")
    parser.add_argument("--draw-only", action="store_true", help="of the figures in --out")
    return parser


if __name__ == "__main__":
    main()
