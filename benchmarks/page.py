"""Writes the page about what was measured: Markdown, with a picture beside it."""

from pathlib import Path

from benchmarks import picture, tables
from benchmarks.comparisons import (
    FREE,
    GROWTH,
    NETWORK,
    OVER_NETWORK,
    PARTS,
    PINNED,
    TLS,
)
from benchmarks.figures import Benchmark, Measurement, busy
from benchmarks.network_shaper import BYTES_PER_SECOND, ROUND_TRIP_SECONDS
from benchmarks.pipelines import BACKUPS, DRILL, LIFEBOAT, PIPED, RECOVERIES
from benchmarks.promises import promises
from benchmarks.turns import FEWER

PAGE = "benchmarks.md"
PICTURE = "benchmarks.svg"
_TEMPLATE = Path(__file__).with_suffix(".md")


def write(found: Benchmark, directory: Path) -> Path:
    """Write page and picture into a directory; where the page is."""
    (directory / PICTURE).write_text(picture.draw(found))
    page = directory / PAGE
    page.write_text(render(found))
    return page


def render(found: Benchmark) -> str:
    """The page's text."""
    main = found.find(PINNED) or found.find(FREE)
    free = found.find(FREE)
    drill = free.of(DRILL) if free else None
    filled = _TEMPLATE.read_text().format(
        size=tables.megabytes(main.database_bytes) if main else "no size",
        cpu=_cpus(found),
        picture=PICTURE,
        unchecked=PIPED.does,
        promises=tables.of_promises(promises(found)),
        busy=_busy(found),
        fewer={3: "three"}.get(FEWER, str(FEWER)),
        pinned=tables.of_one_core(found.find(PINNED), BACKUPS),
        tls=tables.of_one_core(found.find(TLS), BACKUPS),
        backups=tables.side_by_side(free, BACKUPS, LIFEBOAT),
        recoveries=tables.side_by_side(free, RECOVERIES, DRILL),
        drill=_steps(drill) if drill else "",
        round_trip=f"{ROUND_TRIP_SECONDS * 1000:g}",
        bandwidth=f"{BYTES_PER_SECOND / 1e6:g}",
        network=tables.side_by_side(found.find(NETWORK), OVER_NETWORK, LIFEBOAT),
        growth=tables.of_growth(found.part(GROWTH)),
        shapes=tables.of_shapes(found),
        machine=tables.of_machines(found),
        **{f"{part}_date": tables.dates(found.part(part)) for part in PARTS},
    )
    return "\n".join(line.rstrip() for line in filled.splitlines()) + "\n"


def _steps(drill: Measurement) -> str:
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in drill.steps.items())
    disk = tables.megabytes(drill.disk_bytes)
    return f"The drill's steps, in seconds: {steps}. It used {disk} of /tmp."


def _cpus(found: Benchmark) -> str:
    named = (each.machine["cpu"] for each in found.comparisons if "cpu" in each.machine)
    return " and ".join(dict.fromkeys(named)) or "an unknown machine"


def _busy(found: Benchmark) -> str:
    disturbed = busy(found)
    if not disturbed:
        return "Nothing else of note ran on the machine."
    share = max(each.others_share for each in disturbed)
    return (
        f"**The machine was busy**: in {len(disturbed)} of {len(list(found.everything()))}"
        f" measurements up to {share:.0%} of its cores had other work, so their times are too long."
    )
