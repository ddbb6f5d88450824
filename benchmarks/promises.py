"""What was promised of speed and memory, and how what was measured stands to it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import product
from statistics import median
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from benchmarks.comparisons import FREE, GROWTH, NETWORK, PINNED, SHAPED
from benchmarks.datasets import EMPTY, LARGE_VALUE, MANY_TABLES, MORE_TABLES, SHAPES, Dataset
from benchmarks.figures import Benchmark, Compared, Measurement
from benchmarks.pipelines import DRILL, LIFEBOAT, PEER, PIPED, PLAIN, STOCK, Pipeline

SMALLEST_MB, SMALL_MB, LARGE_MB, LARGEST_MB = 100.0, 1000.0, 4000.0, 8000.0
"""The sizes that promises about growth name."""


class Kept(StrEnum):
    """What came of a promise."""

    KEPT = "kept"
    MISSED = "missed"
    UNKNOWN = "not measured"


class Promise(BaseModel):
    """A figure that was promised, and what came of it.

    Attributes:
        says: what the figure is.
        value: what was measured, with the spread of the runs; a dash if nothing was.
        bound: what was promised, in words.
        kept: whether the one is within the other.
    """

    model_config = ConfigDict(frozen=True)

    says: str
    value: str
    bound: str
    kept: Kept


class Ratio(NamedTuple):
    """Of two medians, with the smallest and the largest ratio of two runs."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As a table shows it."""
        one = self.low == self.high
        return f"{self.value:.2f}" + ("" if one else f" ({self.low:.2f}-{self.high:.2f})")


def ratio(ours: Sequence[float], theirs: Sequence[float], *, in_turns: bool = True) -> Ratio:
    """How many times theirs ours are.

    Args:
        ours: of each run, in any unit.
        theirs: the same.
        in_turns: the runs met the same moments, so only those of one turn are compared.
    """
    paired = in_turns and len(ours) == len(theirs)
    each = [a / b for a, b in (zip(ours, theirs, strict=True) if paired else product(ours, theirs))]
    return Ratio(median(ours) / median(theirs), min(each), max(each))


def promises(found: Benchmark) -> list[Promise]:
    """All of them, also those about what was not measured."""
    return [*_of_backups(found), *_of_drills(found), *_of_shapes(found), *_of_memory(found)]


def _of_backups(found: Benchmark) -> Iterator[Promise]:
    pinned = found.find(PINNED)
    for other, bound in ((PLAIN, 4.8), (PEER, 1.65)):
        says = f"one core: time of `{other.does}` against Lifeboat's"
        yield _at_least(says, _times(pinned, other, LIFEBOAT), bound)
    yield _at_most(
        "one core: Lifeboat's time against unchecked", _times(pinned, LIFEBOAT, PIPED), 1.33
    )
    cpu = _times(pinned, LIFEBOAT, PIPED, cpu=True)
    yield _at_most("one core: the client's CPU seconds against unchecked", cpu, 1.38)
    free = _times(found.find(FREE), LIFEBOAT, PIPED)
    yield _at_most("both cores: Lifeboat's time against unchecked", free, 1.15)
    network = _times(found.find(NETWORK), LIFEBOAT, PIPED)
    yield _at_most("through the network: Lifeboat's time against unchecked", network, 1.05)


def _of_drills(found: Benchmark) -> Iterator[Promise]:
    stock = _times(found.find(FREE), DRILL, STOCK)
    yield _at_most(f"a drill against `{STOCK.does}`", stock, 1.05)
    small, large = (_per_byte(found.find(GROWTH, megabytes=mb)) for mb in (SMALL_MB, LARGE_MB))
    linear = ratio(large, small, in_turns=False) if small and large else None
    yield _at_most("a drill of 4 GB against one of 1 GB, per byte", linear, 1.1)


def _of_shapes(found: Benchmark) -> Iterator[Promise]:
    bounds: tuple[tuple[str, Dataset, float], ...] = (
        ("an empty database", EMPTY, 1.7),
        ("5,000 tables", MANY_TABLES, 1.35),
        ("20,000 tables", MORE_TABLES, 1.3),
    )
    for name, shape, bound in bounds:
        whole = next((c for c in found.part(SHAPED) if c.key[1:3] == _asked(shape)), None)
        says = f"{name}: Lifeboat's time against unchecked"
        yield _at_most(says, _times(whole, LIFEBOAT, PIPED), bound)


def _of_memory(found: Benchmark) -> Iterator[Promise]:
    grown = {each.asked_mb: each.of(LIFEBOAT) for each in found.part(GROWTH)}
    ends = [grown.get(SMALLEST_MB), grown.get(LARGEST_MB)]
    peaks = [each.peak_bytes for each in grown.values() if each] if all(ends) else []
    flat = f"{max(peaks) / min(peaks):.2f}" if peaks else None
    says = "a backup's memory from 100 MB to 8 GB, the most against the least"
    yield _promise(says, flat, "at most 1.1", kept=not peaks or max(peaks) <= 1.1 * min(peaks))
    shapes = {each.key[1:3] for each in found.part(SHAPED) if each.of(LIFEBOAT)}
    whole = shapes >= {_asked(shape) for shape in SHAPES if shape is not LARGE_VALUE}
    held = [
        ours.peak_bytes / 1e6
        for each in found.comparisons
        if each.dataset != LARGE_VALUE.name and (ours := each.of(LIFEBOAT))
    ]
    most = f"{max(held):.0f} MB" if whole else None
    says = "a backup's memory, any database but that of the large value"
    yield _promise(says, most, "at most 400 MB", kept=not whole or max(held) <= 400)  # noqa: PLR2004


def _asked(shape: Dataset) -> tuple[str, float]:
    """Of its own size: a try with fewer tables says nothing about so many."""
    return shape.name, shape.megabytes


def _times(
    compared: Compared | None, ours: Pipeline, theirs: Pipeline, *, cpu: bool = False
) -> Ratio | None:
    found = [compared.of(each) if compared else None for each in (ours, theirs)]
    runs = [_runs(each, cpu=cpu) for each in found if each]
    return ratio(*runs) if len(runs) == len(found) and all(runs) else None


def _runs(each: Measurement, *, cpu: bool) -> tuple[float, ...]:
    return each.client_cpu_seconds if cpu else each.seconds


def _per_byte(compared: Compared | None) -> list[float]:
    drill = compared.of(DRILL) if compared else None
    return [each / compared.database_bytes for each in drill.seconds] if compared and drill else []


def _at_least(says: str, value: Ratio | None, bound: float) -> Promise:
    kept = value is None or value.value >= bound
    return _promise(says, value and str(value), f"at least {bound:g}", kept=kept)


def _at_most(says: str, value: Ratio | None, bound: float) -> Promise:
    kept = value is None or value.value <= bound
    return _promise(says, value and str(value), f"at most {bound:g}", kept=kept)


def _promise(says: str, value: str | None, bound: str, *, kept: bool) -> Promise:
    if value is None:
        return Promise(says=says, value="-", bound=bound, kept=Kept.UNKNOWN)
    return Promise(says=says, value=value, bound=bound, kept=Kept.KEPT if kept else Kept.MISSED)
