"""Scripts of rows, counted by the product's own counter."""

from functools import cache
from pathlib import Path

from layers.postgres import server_tree
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.native_counter import ScriptReader, load_counter
from lifeboat.postgres.programs import Programs


@cache
def counter_only() -> Programs:
    """A directory of no major's programs: the counter lies beside them."""
    return Programs(server_tree(()))


def with_counter(root: Path) -> Programs:
    """Programs that a test has put below this directory, and the counter beside them."""
    counter = next(counter_only().root.glob("liblifeboat-counter.*"))
    (root / counter.name).symlink_to(counter)
    return Programs(root)


def counting() -> CopyRows:
    """A counter of scripts."""
    library = load_counter(counter_only())
    return CopyRows(library, ScriptReader(library))


def count(script: bytes, *, cut_every: int = 1 << 20) -> CopyRows:
    """What the counter finds in a whole script that comes in pieces."""
    counted = counting()
    for at in range(0, len(script), cut_every):
        feed(counted, script[at : at + cut_every])
    counted.finish()
    return counted


def feed(counted: CopyRows, piece: bytes) -> None:
    """Count a piece, in a buffer of its own."""
    counted.feed(memoryview(bytearray(piece)))
