"""What a layer amounts to, in figures."""

from dataclasses import dataclass
from pathlib import Path

from layers import elf
from layers.build import content_digest


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A layer in figures.

    Attributes:
        bytes: of all files, as Lambda counts them against its limit.
        files: how many.
        glibc: the oldest glibc with which all of it runs, e.g. (2, 34).
        digest: identifies names, modes and content.
    """

    bytes: int
    files: int
    glibc: tuple[int, ...]
    digest: str


def summarize(tree: Path) -> Summary:
    """Measure a built layer."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    return Summary(
        bytes=sum(path.stat().st_size for path in files),
        files=len(files),
        glibc=max((elf.read(path).glibc for path in files if elf.is_elf(path)), default=(0,)),
        digest=content_digest(tree),
    )
