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

from layers.postgres import MAJORS
from local.bench.contestants import (
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    PLAIN,
    RECOVERIES,
    Contestant,
)
from local.bench.figures import Benchmark, Measurement, promises
from local.bench.machine import describe
from local.bench.page import write
from local.bench.ring import REPOSITORY, Ring, Run
from local.bench.scenes import SAMPLE, SHAPES, Scene

PARTS = ("main", "growth", "shapes", "network")


@dataclass(frozen=True)
class Bout:
    """Who meets over which database, and how often."""

    scene: Scene
    megabytes: float
    contestants: tuple[Contestant, ...]
    repeat: int = 1
    wired: bool = False


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


def bouts(options: argparse.Namespace) -> Iterator[Bout]:
    """What is to be measured, the promised figures first."""
    few = (PIPED, LIFEBOAT, DRILL)
    if "main" in options.parts:
        yield Bout(SAMPLE, options.size_mb, EVERYONE, options.repeat)
    if "growth" in options.parts:
        yield from (Bout(SAMPLE, megabytes, few) for megabytes in options.growth_mb)
    if "shapes" in options.parts:
        yield from (Bout(shape, options.shape_mb, few) for shape in SHAPES)
    if "network" in options.parts:
        yield Bout(SAMPLE, options.size_mb, (PEER, *few), wired=True)


def _measure(options: argparse.Namespace, console: Console) -> Iterator[Benchmark]:
    """All that was measured so far, after each bout."""
    machine: dict[str, str] = {}
    measurements: list[Measurement] = []
    for bout in bouts(options):
        console.print(
            f"{bout.scene.name}, {bout.megabytes:g} MB{', wired' if bout.wired else ''}: filling"
        )
        with Ring.open(
            bout.scene, bout.megabytes, major=options.major, root=options.root, wired=bout.wired
        ) as ring:
            machine = machine or describe(ring)
            measurements += measured(bout, ring, console)
        yield Benchmark(
            measured=datetime.now(UTC).date(), machine=machine, measurements=tuple(measurements)
        )


def measured(bout: Bout, ring: Ring, console: Console) -> list[Measurement]:
    """Let all run in turns, so that whatever else the machine does meets each of them.

    The first turn warms everything up, and is the one in which memory is looked at.
    """
    looks = {}
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in bout.contestants}
    backups = [each for each in bout.contestants if each.stores]
    recoveries = [each for each in bout.contestants if each in RECOVERIES]
    for group in (backups, recoveries):
        if group is recoveries:
            ring.keep(*(each for each in (PLAIN, LIFEBOAT) if each in backups))
        for contestant in group:
            looks[contestant.name] = ring.look_at(contestant)
        for _ in range(bout.repeat):
            for contestant in group:
                run = ring.run(contestant)
                runs[contestant.name].append(run)
                console.print(
                    f"  {contestant.name} {run.measured.seconds:.2f} s"
                    f" (the machine's other work: {run.others_cpu_seconds:.1f} s of CPU)"
                )
    return [
        Measurement.of(
            bout.scene,
            contestant,
            runs=runs[contestant.name],
            looks=looks[contestant.name],
            wired=bout.wired,
            database_bytes=ring.database_bytes,
        )
        for contestant in bout.contestants
    ]


def _figures(out: Path) -> Path:
    return out / "benchmarks.json"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
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
