"""Proof, without running anything, that a tree of programs will run at AWS.

Each check yields a sentence for each problem; without any, it has passed.
"""

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from layers import elf
from layers.target import GLIBC, Architecture
from lifeboat.errors import LayerError

_READLINE = re.compile(r"psql|libreadline\.so.*")
"""psql needs GNU readline, which is under the GPL; that would reach all distributed with it."""


def assert_closed(tree: Path, architecture: Architecture, *, top: Path | None = None) -> None:
    """Raise when anything in `tree` could not be loaded.

    Args:
        tree: what to examine.
        architecture: what it has to run on.
        top: the directory that holds all its libraries, when that is not `tree` itself.

    Raises:
        LayerError: names all that is wrong.
    """
    found = list(problems(tree, architecture, top=top))
    if found:
        raise LayerError(
            "\n".join([f"What was built in {tree} would not work:", *found]),
            todo="Go back to the versions before in layers.lock.json, and see what has changed.",
        )


def problems(tree: Path, architecture: Architecture, *, top: Path | None = None) -> Iterator[str]:
    """All that speaks against a tree of PostgreSQL programs; see `assert_closed`."""
    yield from misplaced_files(tree)
    read = functools.cache(elf.read)  # many files need the same few libraries
    for path in sorted(tree.rglob("*")):
        if elf.is_elf(path):
            facts = read(path.resolve())
            for objection in (
                *wrong_machine(facts, architecture),
                *too_new_glibc(facts),
                *search_path_from_outside(facts),
                *unresolved(facts, path, top=top or tree, read=read),
            ):
                yield f"{path.relative_to(tree)}: {objection}"


def misplaced_files(tree: Path) -> Iterator[str]:
    """Symbolic links, which zip files lose, and what may not be redistributed."""
    for path in sorted(tree.rglob("*")):
        if path.is_symlink():
            yield f"{path.relative_to(tree)}: is a symbolic link"
        if _READLINE.fullmatch(path.name):
            yield f"{path.relative_to(tree)}: comes with GNU readline, which is under the GPL"


def wrong_machine(facts: elf.Elf, architecture: Architecture) -> Iterator[str]:
    """Code for another processor."""
    if facts.machine != architecture:
        yield f"is for {facts.machine}, not {architecture}"


def too_new_glibc(facts: elf.Elf, limit: tuple[int, ...] = GLIBC) -> Iterator[str]:
    """A function of glibc that Lambda's version does not have."""
    if facts.glibc > limit:
        yield f"needs glibc {dotted(facts.glibc)}, newer than {dotted(limit)}"


def search_path_from_outside(facts: elf.Elf) -> Iterator[str]:
    """A search path that the environment beats, or that is not relative to the file."""
    if facts.runpath is not None:
        yield f"has DT_RUNPATH {facts.runpath}, which LD_LIBRARY_PATH beats"
    for entry in (facts.rpath or "").split(":"):
        if entry and not entry.startswith("$ORIGIN"):
            yield f"searches {entry}, outside of the layer"


def unresolved(
    facts: elf.Elf, path: Path, *, top: Path, read: Callable[[Path], elf.Elf] = elf.read
) -> Iterator[str]:
    """A library that its search path doesn't find below `top`, or that lacks a symbol version."""
    for name in facts.needed:
        if name in elf.GLIBC_LIBRARIES:
            continue
        library = _find(name, facts, path)
        if library is None or not library.is_relative_to(top.resolve()):
            yield f"needs {name}, which is not where it searches ({facts.rpath})"
            continue
        lacking = facts.wants.get(name, frozenset()) - read(library).defines
        if lacking:
            yield f"needs {', '.join(sorted(lacking))} of {name}, which doesn't define it"


def _find(name: str, facts: elf.Elf, path: Path) -> Path | None:
    for entry in (facts.rpath or "").split(":"):
        candidate = Path(entry.replace("$ORIGIN", str(path.parent.resolve())), name).resolve()
        if entry and candidate.is_file():
            return candidate
    return None


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
