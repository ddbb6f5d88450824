"""The one library of our own: a stand-in for what a sandbox may refuse to a PostgreSQL server."""

import os
import subprocess
import tempfile
from pathlib import Path

from layers.build import build_once, digest
from layers.postgres.lock import COMPILER, Hashes, single_wheel
from layers.progress import step
from layers.target import GLIBC, Architecture, Platform
from layers.wheels import unpacked
from lifeboat.errors import LayerError

SOURCE = Path(__file__).with_name("lifeboat-ipc.c")
"""Says what it does and why."""

SHIM = "liblifeboat-ipc.so"

_TARGETS: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}


def compile_shim(architecture: Architecture, hashes: Hashes, *, build: Path) -> Path:
    """The compiled library for Linux, built on any machine when it isn't there.

    zig's C compiler brings every target's headers and versions of glibc along, so that same
    source, same lock, means same bytes wherever it runs.

    Args:
        architecture: of the Lambda function.
        hashes: the lock.
        build: where to build and cache.

    Raises:
        LayerError: the compiler can't be had or refuses the source.
    """
    compiler = single_wheel(COMPILER, Platform.of_host(), hashes)

    def fill(draft: Path) -> None:
        zig = unpacked(compiler, build=build) / "ziglang" / "zig"
        with step(f"Compiling {SHIM} for {architecture}"):
            _compile(zig, _target(architecture), draft / SHIM)

    inputs = digest([compiler.version.encode(), SOURCE.read_bytes(), Path(__file__).read_bytes()])
    return build_once(build / "shims" / f"{architecture}-{inputs}", fill) / SHIM


def _target(architecture: Architecture) -> str:
    return f"{_TARGETS[architecture]}-linux-gnu.{'.'.join(map(str, GLIBC))}"


def _compile(zig: Path, target: str, output: Path) -> None:
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603  # our own program
            [
                *(zig, "cc", "-target", target, "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror"),
                *("-shared", "-fPIC", "-s", f"-Wl,-soname,{SHIM}", "-o", output, SOURCE.name),
            ],
            cwd=SOURCE.parent,  # else its path would be in the messages, and could be in the output
            env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise LayerError(
            f"{SOURCE.name} could not be compiled for {target}:\n{done.stderr.strip()}",
            todo=f"Go back to the version of {COMPILER} before in layers.lock.json.",
        )
