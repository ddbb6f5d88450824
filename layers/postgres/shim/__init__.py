"""The libraries of our own: what a sandbox may refuse, a jail, and the counter of rows."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from layers.postgres.lock import COMPILER, Hashes, single_wheel
from layers.target import GLIBC, Architecture, Platform
from layers.wheels import unpacked
from lifeboat.errors import LayerError
from lifeboat.postgres import native_counter

_HERE = Path(__file__).parent

SOURCE = _HERE / "lifeboat-ipc.c"
"""Says what it does and why, as do the others."""

JAIL_SOURCES = tuple(
    _HERE / f"lifeboat-{part}.c" for part in ("jail", "calls", "landlock", "walls")
)

COUNTER_SOURCES = tuple(_HERE / f"lifeboat-{part}.c" for part in ("counter", "script"))

COUNTER_IN_PROGRAMS = _HERE / "lifeboat-events.c"
"""What lets programs count their own output, as they can where they are ELF."""

SHIM = "liblifeboat-ipc.so"
JAIL = "liblifeboat-jail.so"

_MACHINES: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}

_OPTIONS = (
    *("-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-s"),
    "-rtlib=none",  # they need nothing of zig's run-time library, which takes seconds to compile
)


def compile_shim(
    into: Path, architecture: Architecture, hashes: Hashes, *, build: Path, source: Path = SOURCE
) -> None:
    """Compile what servers need in a sandbox, for Linux and into a directory, on any machine.

    Args:
        into: an existing directory.
        architecture: of the Lambda function.
        hashes: the lock.
        build: where wheels are cached.
        source: what to compile.

    Raises:
        LayerError: the compiler can't be had or refuses the source.
    """
    _compile((source,), into / SHIM, Platform.of_lambda(architecture), hashes, build=build)


def compile_jail(
    into: Path,
    architecture: Architecture,
    hashes: Hashes,
    *,
    build: Path,
    sources: tuple[Path, ...] = JAIL_SOURCES,
) -> None:
    """Compile the jail that every program of a layer loads; see `compile_shim`.

    Raises:
        LayerError: the compiler can't be had or refuses the sources.
    """
    _compile(sources, into / JAIL, Platform.of_lambda(architecture), hashes, build=build)


def compile_counter(
    into: Path, platform: Platform, hashes: Hashes, *, build: Path, options: tuple[str, ...] = ()
) -> None:
    """Compile the counter that Python and programs load, for a layer or for this machine.

    Args:
        into: an existing directory.
        platform: that it is for.
        hashes: the lock.
        build: where wheels are cached.
        options: more of them for the compiler, such as those that look for undefined behaviour.

    Raises:
        LayerError: the compiler can't be had or refuses the source.
    """
    name = native_counter.NAME if platform.is_linux else native_counter.NAME_ON_MACOS
    sources = (*COUNTER_SOURCES, COUNTER_IN_PROGRAMS) if platform.is_linux else COUNTER_SOURCES
    _compile(sources, into / name, platform, hashes, build=build, options=options)


def _compile(
    sources: tuple[Path, ...],
    library: Path,
    platform: Platform,
    hashes: Hashes,
    *,
    build: Path,
    options: tuple[str, ...] = (),
) -> None:
    """Compile files of one directory, in a directory of their own: it leaves others beside them.

    zig's C compiler brings the headers and the versions of glibc of every target along, so same
    source and same lock mean same bytes, wherever it runs.
    """
    compiler = unpacked(single_wheel(COMPILER, Platform.of_host(), hashes), build=build)
    system = f"linux-gnu.{'.'.join(map(str, GLIBC))}" if platform.is_linux else "macos"
    target = f"{_MACHINES[platform.architecture]}-{system}"
    names = [source.name for source in sources]
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as work:
        for source in (*sources, *sources[0].parent.glob("*.h")):
            shutil.copy(source, work)
        done = subprocess.run(  # noqa: S603  # our own program
            [
                *(str((compiler / "ziglang/zig").resolve()), "cc", "-target", target),
                *_OPTIONS,
                *options,
                *("-o", str(library.resolve()), f"-Wl,-soname,{library.name}"),
                *names,
            ],
            cwd=work,  # so that no path of this machine can get into the output
            env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise LayerError(
            f"{', '.join(names)} could not be compiled for {target}:\n{done.stderr.strip()}",
            todo=f"Go back to the version of {COMPILER} before in layers.lock.json.",
        )
    library.chmod(0o644)  # like every other library: the linker takes it for a program
