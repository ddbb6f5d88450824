"""Wheels from the user's package index, each pinned by its hash, unpacked for any platform."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from layers.build import BUILD, ROOT, build_once
from layers.progress import step
from layers.target import Platform
from lifeboat.errors import LayerError

PYTHON = "3.13"
"""The Python of the Lambda functions."""


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One file on the package index.

    Attributes:
        name: the distribution's name.
        version: its exact version.
        platform: what it was built for.
        sha256: the only content that is accepted.
    """

    name: str
    version: str
    platform: Platform
    sha256: str

    def __str__(self) -> str:
        """As a person calls it."""
        return f"{self.name} {self.version} for {self.platform}"


def unpacked(wheel: Wheel, *, build: Path = BUILD) -> Path:
    """The directory that holds the wheel's files, downloaded when missing. Never write to it.

    Raises:
        LayerError: the index does not have it, or has something else than the pinned bytes.
    """

    def fill(draft: Path) -> None:
        requirement = f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n"
        with step(f"Downloading {wheel}"):
            install(requirement, into=draft, platform=wheel.platform)

    name = f"{wheel.name}-{wheel.version}-{wheel.platform}-{wheel.sha256[:16]}"
    return build_once(build / "wheels" / name, fill)


def install(requirements: str, *, into: Path, platform: Platform) -> None:
    """Unpack wheels of `platform`, which need not be this machine's, into a directory.

    Args:
        requirements: lines of a requirements file, every one with its hashes.
        into: an existing directory.
        platform: what the wheels must run on.

    Raises:
        LayerError: a wheel is missing or its hash is not the one required.
    """
    run_uv(
        *("pip", "install", "--target", str(into), "--no-deps", "--only-binary", ":all:"),
        *("--require-hashes", "--no-compile-bytecode", "--link-mode", "copy"),
        *("--python-platform", platform.uv_name, "--python-version", PYTHON),
        *("--requirements", "-"),
        stdin=requirements,
    )
    # uv's own lock on the target directory, not a part of any wheel.
    (into / ".lock").unlink(missing_ok=True)


def run_uv(*arguments: str, stdin: str) -> str:
    """Run uv with the user's own configuration (index, certificates, cache); gives its output.

    Raises:
        LayerError: uv failed; carries what it said.
    """
    done = subprocess.run(  # noqa: S603  # the program is ours, the arguments are not from outside
        [find_uv_bin(), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise LayerError(
            f"uv could not get the wheels (exit code {done.returncode}):\n{done.stderr.strip()}",
            todo="See that the package index is reachable. When you have changed a version in "
            "layers/postgres/layers.lock.json, run `python -m layers lock`.",
        )
    return done.stdout
