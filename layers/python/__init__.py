"""The functions' Python dependencies as a Lambda layer, from locked wheels."""

import shutil
from pathlib import Path

from layers.build import BUILD, ROOT, build_once, digest, source_of
from layers.progress import step
from layers.target import Architecture, Platform
from layers.wheels import PYTHON, install

REQUIREMENTS = ROOT / "requirements" / "functions.txt"
"""Every distribution that runs in Lambda, with version and hashes."""


def dependency_layer(
    architecture: Architecture, *, build: Path = BUILD, requirements: Path = REQUIREMENTS
) -> Path:
    """A directory with the layer's content, to be unpacked at /opt; its `python` is on sys.path.

    boto3 is among it on purpose: Lambda has one of its own, of another version every few weeks.
    Built when it isn't there.

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

    inputs = digest([locked, *source_of(ROOT / "layers")])
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
