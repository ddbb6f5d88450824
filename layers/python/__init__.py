"""The functions' Python dependencies as a Lambda layer, from locked wheels."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from layers.build import BUILD, ROOT, build_once, digest, source_of
from layers.progress import step
from layers.target import Architecture, Platform
from layers.wheels import PYTHON, install
from lifeboat.errors import LayerError

REQUIREMENTS = ROOT / "requirements" / "functions.txt"
"""Every distribution that runs in Lambda, with version and hashes."""

IN_LAMBDA = "/opt/python"
"""Where the packages lie at AWS; what traces show."""


def dependency_layer(
    architecture: Architecture, *, build: Path = BUILD, requirements: Path = REQUIREMENTS
) -> Path:
    """A directory with the layer's content, to be unpacked at /opt; its `python` is on sys.path.

    boto3 is among it on purpose: Lambda has one of its own, of another version every few weeks.
    All modules are there compiled, too. Built when it isn't there.

    Args:
        architecture: of the Lambda function.
        build: where to build.
        requirements: the lock.

    Raises:
        LayerError: a wheel can't be had for Lambda's platform, or isn't the locked one.
    """
    locked = requirements.read_bytes()

    def fill(draft: Path) -> None:
        into = draft / "python"
        into.mkdir()
        with step(f"Building the Python {PYTHON} dependencies for {architecture}"):
            install(locked.decode(), into=into, platform=Platform.of_lambda(architecture))
            _prune(into)
            _compile(into)

    # Patch releases of Python differ in what they compile.
    inputs = digest([locked, platform.python_version().encode(), *source_of(ROOT / "layers")])
    return build_once(build / "layers" / f"python-{architecture}-{inputs}", fill)


def _prune(packages: Path) -> None:
    """Remove what tells of this machine instead of the packages, and what nobody reads at AWS."""
    # Console scripts begin with the path of this machine's Python.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for note in ("RECORD", "INSTALLER", "REQUESTED"):
        for path in packages.glob(f"*.dist-info/{note}"):
            path.unlink()
    for bytecode in packages.rglob("__pycache__"):
        shutil.rmtree(bytecode)


def _compile(packages: Path) -> None:
    """Compile all modules, for /opt is read-only: each cold start would do it anew, for a second.

    Unchecked, because a layer gives files other times than they had here, and nobody edits them
    there. In a process of its own: what it compiles does not depend on what this one has seen.
    """
    paths = ["-s", str(packages), "-p", IN_LAMBDA]
    unchecked = ["--invalidation-mode", "unchecked-hash"]
    done = subprocess.run(  # noqa: S603  # this very Python, and paths of our own
        [sys.executable, "-I", "-m", "compileall", "-q", *unchecked, *paths, str(packages)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LayerError(
            f"The functions' dependencies could not be compiled:\n{done.stdout.strip()}",
            todo="Take another version of what is named into requirements/functions.txt.",
        )
