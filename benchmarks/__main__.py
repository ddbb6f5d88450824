"""`make bench`: measure, then write the figures, a page and a picture of them.

First backups of a client with one core, then everybody with all cores, by TLS, through a network
like a function's, growth, and odd shapes. One to two hours with the defaults; `--parts` measures
some of it and keeps the other figures. A machine with other work gives figures of the other work.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.comparisons import PARTS, Extent, comparisons
from benchmarks.figures import Benchmark, Compared
from benchmarks.harness import REPOSITORY
from benchmarks.page import write
from benchmarks.promises import Kept, promises
from benchmarks.turns import compare
from layers.postgres import MAJORS


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, or draw again what was measured before."""
    options = _parser().parse_args(argv)
    console = Console(highlight=False, soft_wrap=True)
    figures: Path = options.out / "benchmarks.json"
    found = Benchmark()
    if figures.exists():
        found = Benchmark.model_validate_json(figures.read_bytes())
    if not options.draw_only:
        options.out.mkdir(parents=True, exist_ok=True)
        for found in _measure(options, found, console):  # noqa: B020  # kept, should it be interrupted
            figures.write_text(found.model_dump_json(indent=1) + "\n")
    for promise in promises(found):
        kept = promise.kept.upper() if promise.kept is Kept.MISSED else promise.kept
        console.print(f"{promise.says}: {promise.value} (promised: {promise.bound}): {kept}")
    console.print(f"Written: {write(found, options.out)}")


def _measure(
    options: argparse.Namespace, found: Benchmark, console: Console
) -> Iterator[Benchmark]:
    """All that is known, after each comparison."""
    extent = Extent(
        parts=options.parts,
        size_mb=options.size_mb,
        growth_mb=options.growth_mb,
        shape_mb=options.shape_mb,
        major=options.major,
        repeat=options.repeat,
    )
    done: dict[str, list[Compared]] = {part: [] for part in PARTS}
    left = [each.part for each in comparisons(extent)]
    for comparison in comparisons(extent):
        console.print(
            f"{comparison.part}: {comparison.dataset.name}, {comparison.megabytes:.0f} MB,"
            f" PostgreSQL {comparison.major}"
        )
        new = compare(comparison, root=options.root, say=console.print)
        done[new.part].append(new)
        left.remove(new.part)
        found = found.with_new(new)
        if new.part not in left:
            found = found.only(new.part, done[new.part])
        yield found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--size-mb", type=float, default=1000.0, help="where everybody runs")
    parser.add_argument(
        "--repeat",
        type=int,
        default=5,
        help="measured runs of each; three at most where a turn takes over a minute",
    )
    parser.add_argument(
        "--growth-mb", type=float, nargs="*", default=[100.0, 300.0, 1000.0, 4000.0, 8000.0]
    )
    parser.add_argument("--shape-mb", type=float, help="at most; default each shape's own size")
    parser.add_argument("--major", type=int, default=18, choices=MAJORS)
    parser.add_argument("--root", type=Path, default=REPOSITORY / "build", help="for databases")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs")
    parser.add_argument("--draw-only", action="store_true", help="of the figures in --out")
    return parser


if __name__ == "__main__":
    main()
