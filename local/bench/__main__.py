"""`make bench`: measure, print, and write `build/bench.json`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from layers.postgres import MAJORS
from local.bench import report
from local.bench.contestants import CONTESTANTS
from local.bench.machine import describe
from local.bench.ring import REPOSITORY, Ring, Run


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every contestant at every size that the command line asks for."""
    options = _parser().parse_args(argv)
    console = Console()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results: list[report.Result] = []
    machine: dict[str, str] = {}
    for megabytes in options.size_mb:
        console.print(f"Making a database of about {megabytes:g} MB")
        with Ring.open(major=options.major, megabytes=megabytes, root=options.out.parent) as ring:
            machine = machine or describe(ring)
            results.append(_compare(ring, options.repeat, console))
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    for line in report.verdicts(results):
        console.print(line, highlight=False, soft_wrap=True)
    for result in results:
        console.print(report.table(result))
    for contestant in CONTESTANTS:
        console.print(f"{contestant.name}: {contestant.does}", highlight=False)
    found = {"machine": machine, "results": [result.to_json() for result in results]}
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    console.print(f"Written: {options.out}", highlight=False)


def _compare(ring: Ring, repeat: int, console: Console) -> report.Result:
    """Let all run in turns, so that whatever else the machine does meets each of them.

    The first turn warms everything up, and is the one in which memory is looked at.
    """
    looks = {contestant.name: ring.look_at(contestant) for contestant in CONTESTANTS}
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in CONTESTANTS}
    for turn in range(1, repeat + 1):
        for contestant in CONTESTANTS:
            run = ring.run(contestant)
            runs[contestant.name].append(run)
            seconds, others = run.measured.seconds, run.others_cpu_seconds
            console.print(
                f"turn {turn}: {contestant.name} {seconds:.2f} s"
                f" (the machine's other work: {others:.1f} s of CPU)",
                highlight=False,
            )
    return report.Result(database_bytes=ring.database_bytes, runs=runs, looks=looks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
    parser.add_argument("--size-mb", type=float, nargs="+", default=[1000.0], help="sizes")
    parser.add_argument("--repeat", type=int, default=3, help="measured runs of each")
    parser.add_argument("--major", type=int, default=18, choices=MAJORS)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "bench.json")
    return parser


if __name__ == "__main__":
    main()
