"""Writes the page about what was measured: Markdown, with a picture beside it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks import picture
from benchmarks.datasets import SAMPLE, SHAPES
from benchmarks.figures import Benchmark, Measurement, busy, promises
from benchmarks.network_shaper import BYTES_PER_SECOND, ROUND_TRIP_SECONDS
from benchmarks.pipelines import (
    BACKUPS,
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    RECOVERIES,
    Pipeline,
)

PAGE = "benchmarks.md"
PICTURE = "benchmarks.svg"
_TEMPLATE = Path(__file__).with_suffix(".md")
_DOES = {pipeline.name: pipeline.does for pipeline in EVERYONE}
_FEW = ["database", "unchecked, s", "backup, s", "of it", "its memory", "drill, s", "its memory"]


def write(found: Benchmark, directory: Path) -> Path:
    """Write page and picture into a directory; where the page is."""
    (directory / PICTURE).write_text(picture.draw(found))
    page = directory / PAGE
    page.write_text(render(found))
    return page


def render(found: Benchmark) -> str:
    """The page's text."""
    drill = found.at_main_size(DRILL)
    return _TEMPLATE.read_text().format(
        measured=f"{found.measured:%-d %B %Y}",
        cpu=found.machine["cpu"],
        size=_megabytes(found.main_size()),
        picture=PICTURE,
        promises=_promises(found),
        busy=_busy(found),
        runs=len(drill.seconds),
        backups=_compared(found, BACKUPS, LIFEBOAT),
        recoveries=_compared(found, RECOVERIES, DRILL),
        steps=", ".join(f"{name} {seconds:.1f}" for name, seconds in drill.steps.items()),
        disk=_megabytes(drill.disk_bytes),
        unchecked=PIPED.does,
        growth=_table(_FEW, (_few(found, SAMPLE.name, size) for size in found.sizes())),
        shapes=_table(["", *_FEW], _shapes(found)),
        round_trip=f"{ROUND_TRIP_SECONDS * 1000:g}",
        bandwidth=f"{BYTES_PER_SECOND / 1e6:g}",
        network=_table(["", "time", "seconds", "without that"], _network(found)),
        machine="\n".join(f"- {name}: {value}" for name, value in found.machine.items()),
    )


def _promises(found: Benchmark) -> str:
    return _table(
        ["measured", "", "promised", ""],
        (
            (
                f"**{each.value}**",
                _cell(each.says),
                each.bound,
                "kept" if each.kept else "**missed**",
            )
            for each in promises(found)
        ),
    )


def _busy(found: Benchmark) -> str:
    disturbed = busy(found)
    if not disturbed:
        return "Nothing else of note ran on the machine."
    share = max(each.others_share for each in disturbed)
    return (
        f"**The machine was busy**: in {len(disturbed)} of {len(found.measurements)} measurements"
        f" up to {share:.0%} of its cores had other work, so their times are too long."
    )


def _compared(found: Benchmark, group: Sequence[Pipeline], ours: Pipeline) -> str:
    unit = found.at_main_size(ours).median
    measured = [found.at_main_size(each) for each in group]
    return _table(
        ["", "time", "seconds", "memory", "stored", "CPU seconds"],
        (
            (
                _name(each.pipeline),
                f"{each.median / unit:.2f} x",
                f"{each.median:.1f} ({min(each.seconds):.1f}-{max(each.seconds):.1f})",
                _megabytes(each.peak_bytes),
                _megabytes(each.stored_bytes),
                _cpu(each),
            )
            for each in measured
        ),
    )


def _few(found: Benchmark, dataset: str, size: int) -> list[str]:
    """Lifeboat beside the fastest way that checks nothing, with one database."""
    by_name = {each.pipeline: each for each in found.which(dataset, database_bytes=size)}
    piped, ours, drill = (by_name[each.name] for each in (PIPED, LIFEBOAT, DRILL))
    return [
        _megabytes(size),
        f"{piped.median:.1f}",
        f"{ours.median:.1f}",
        f"{ours.median / piped.median:.2f} x",
        _megabytes(ours.peak_bytes),
        f"{drill.median:.1f}",
        _megabytes(drill.peak_bytes),
    ]


def _shapes(found: Benchmark) -> Iterator[list[str]]:
    for shape in SHAPES:
        for size in found.sizes(shape.name):
            yield [shape.shows, *_few(found, shape.name, size)]


def _network(found: Benchmark) -> Iterator[list[str]]:
    by_name = {each.pipeline: each for each in found.which(SAMPLE.name, over_network=True)}
    for each in (PEER, PIPED, LIFEBOAT, DRILL):
        if over_network := by_name.get(each.name):
            yield [
                _name(each.name),
                f"{over_network.median / by_name[LIFEBOAT.name].median:.2f} x",
                f"{over_network.median:.1f}",
                f"{found.at_main_size(each).median:.1f}",
            ]


def _name(name: str) -> str:
    bold = "**" if name in (LIFEBOAT.name, DRILL.name) else ""
    return f"{bold}{_cell(_DOES[name])}{bold}"


def _cpu(each: Measurement) -> str:
    largest = sorted(each.cpu_seconds.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in largest)


def _cell(text: str) -> str:
    """A text within a table, where a bar would end the cell."""
    return text.replace("|", "\\|")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count else "-"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (headings, ["---"] * len(headings), *rows)]
    return "\n".join(lines) if lines[2:] else "Not measured this time."
