"""The one library of our own: it gives a PostgreSQL server what a sandbox may refuse."""

import os
import subprocess
import tempfile
from pathlib import Path

from layers.postgres.lock import COMPILER, Hashes, single_wheel
from layers.target import GLIBC, Architecture, Platform
from layers.wheels import unpacked
from lifeboat.errors import LayerError

SOURCE = Path(__file__).with_name("lifeboat-ipc.c")
"""Says what it does and why."""

SHIM = "liblifeboat-ipc.so"

_MACHINES: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}

_OPTIONS = (
    *("-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-s"),
    "-rtlib=none",  # it needs nothing of zig's run-time library, which takes seconds to compile
    f"-Wl,-soname,{SHIM}",
)


def compile_shim(
    into: Path, architecture: Architecture, hashes: Hashes, *, build: Path, source: Path = SOURCE
) -> None:
    """Compile the library for Linux into a directory, on any machine.

    zig's C compiler brings the headers and the versions of glibc of every target along, so same
    source and same lock mean same bytes, wherever it runs.

    Args:
        into: an existing directory.
        architecture: of the Lambda function.
        hashes: the lock.
        build: where wheels are cached.
        source: what to compile.

    Raises:
        LayerError: the compiler can't be had or refuses the source.
    """
    compiler = unpacked(single_wheel(COMPILER, Platform.of_host(), hashes), build=build)
    target = f"{_MACHINES[architecture]}-linux-gnu.{'.'.join(map(str, GLIBC))}"
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603  # our own program
            [
                *((compiler / "ziglang/zig").resolve(), "cc", "-target", target, *_OPTIONS),
                *("-o", (into / SHIM).resolve(), source.name),
            ],
            cwd=source.parent,  # so that no path of this machine can get into the output
            env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise LayerError(
            f"{source.name} could not be compiled for {target}:\n{done.stderr.strip()}",
            todo=f"Go back to the version of {COMPILER} before in layers.lock.json.",
        )
