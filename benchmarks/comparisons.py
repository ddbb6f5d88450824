"""What is measured: which pipelines, with which database, under which conditions, how often."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.datasets import OLD_MAJOR, SAMPLE, SHAPES, Dataset
from benchmarks.pipelines import (
    BACKUPS,
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    Pipeline,
)

PINNED, FREE, TLS, NETWORK, GROWTH, SHAPED = (
    "pinned",
    "free",
    "tls",
    "network",
    "growth",
    "shapes",
)
PARTS = (PINNED, FREE, TLS, NETWORK, GROWTH, SHAPED)
FEW = (PIPED, LIFEBOAT, DRILL)
OVER_NETWORK = (PEER, *FEW)


@dataclass(frozen=True)
class Comparison:
    """Pipelines that are measured in turns with one database.

    Attributes:
        part: of the bench.
        dataset: what the database looks like.
        megabytes: about its size.
        pipelines: who is measured, in this order.
        major: of PostgreSQL.
        repeat: the turns, at most.
    """

    part: str
    dataset: Dataset
    megabytes: float
    pipelines: tuple[Pipeline, ...]
    major: int = 18
    repeat: int = 1

    @property
    def pinned(self) -> bool:
        """Whether the pipelines have one core, and the servers another."""
        return self.part in {PINNED, TLS}

    @property
    def tls(self) -> bool:
        """Whether the pipelines reach both servers by TLS."""
        return self.part == TLS

    @property
    def over_network(self) -> bool:
        """Whether the pipelines reach both servers through a network like a function's."""
        return self.part == NETWORK


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        parts: which parts.
        size_mb: of the database with which everybody runs.
        growth_mb: the sizes of the part growth.
        shape_mb: that a database of the part shapes has at most; None for their own sizes.
        major: of PostgreSQL, but for the shape that is about another one.
        repeat: turns of each comparison, at most.
    """

    parts: Sequence[str]
    size_mb: float
    growth_mb: Sequence[float]
    shape_mb: float | None
    major: int
    repeat: int


def comparisons(extent: Extent) -> Iterator[Comparison]:
    """What is to be measured, the promised figures first."""
    everybody = {PINNED: BACKUPS, FREE: EVERYONE, TLS: BACKUPS, NETWORK: OVER_NETWORK}
    rest = {"major": extent.major, "repeat": extent.repeat}
    for part, pipelines in everybody.items():
        if part in extent.parts:
            yield Comparison(part, SAMPLE, extent.size_mb, pipelines, **rest)
    if GROWTH in extent.parts:
        for megabytes in extent.growth_mb:
            yield Comparison(GROWTH, SAMPLE, megabytes, FEW, **rest)
    if SHAPED in extent.parts:
        for shape in SHAPES:
            megabytes = min(shape.megabytes, extent.shape_mb or shape.megabytes)
            yield Comparison(SHAPED, shape, megabytes, FEW, **rest)
        size = min(SAMPLE.megabytes, extent.shape_mb or SAMPLE.megabytes)
        yield Comparison(SHAPED, SAMPLE, size, FEW, OLD_MAJOR, extent.repeat)
