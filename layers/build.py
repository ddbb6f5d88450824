"""Directories below `build/` that are either whole or absent."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lifeboat.errors import LayerError

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

BUILD = ROOT / "build"
"""Where everything is built and cached. Safe to delete at any time."""

_EPOCH = 315532800
"""1980-01-01, the earliest time that a zip file can hold."""


def build_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Give `target`, filled by `fill` if it does not exist yet.

    The directory is filled under another name and renamed when it is whole, so a killed build is
    never taken for a finished one. Of two processes that want the same, one builds and the other
    waits for it. Modes and times are the same in every build, and everyone may read the files.

    Args:
        target: what to build; its name should carry a digest of all that goes in.
        fill: writes the content into the empty directory it is given. It may build other things,
            but none in the directory that `target` lies in.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _turn(target.parent):
        if target.is_dir():  # meanwhile
            return target
        with _temporary(target) as draft:
            fill(draft)
            _settle(draft)
            draft.rename(target)
    return target


def digest(parts: Iterable[bytes]) -> str:
    """A short name for what goes into a build: 16 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8))
        total.update(part)
    return total.hexdigest()[:16]


def content_digest(tree: Path) -> str:
    """Identifies a tree by its names, modes and bytes: 16 hexadecimal digits."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    return digest(
        part
        for path in files
        for part in (
            path.relative_to(tree).as_posix().encode(),
            oct(stat.S_IMODE(path.stat().st_mode)).encode(),
            path.read_bytes(),
        )
    )


def source_of(*packages: Path) -> Iterator[bytes]:
    """The builder's own source below these directories, as a part of `digest`'s input."""
    for package in packages:
        for path in sorted(package.rglob("*.py")):
            yield path.read_bytes()


@contextlib.contextmanager
def _turn(directory: Path) -> Iterator[None]:
    """Wait until no other thread or process builds in it; the lock ends with its holder."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield draft
    finally:
        if draft.exists():  # it has been renamed when all went well
            shutil.rmtree(draft)


def _settle(tree: Path) -> None:
    """Give every file and directory the mode and time that they have in all builds."""
    for path in [tree, *tree.rglob("*")]:
        if path.is_symlink():
            raise LayerError(
                f"{path} is a symbolic link; Lambda's layers and zip files lose those.",
                todo="Make the builder copy the file that it points to.",
            )
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
        os.utime(path, (_EPOCH, _EPOCH))
