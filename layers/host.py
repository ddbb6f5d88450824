"""What runs Lifeboat on a machine of one's own: code, dependencies and programs in one archive."""

import tarfile
from io import BytesIO
from pathlib import Path

from layers.build import BUILD
from layers.code import function_code
from layers.postgres import server_layer
from layers.python import dependency_layer
from layers.target import Architecture

_RUN = """\
#!/bin/sh
# Runs a backup, a drill or a restore: ./run backup '{"database": "app"}'
here=$(dirname "$(readlink -f "$0")")
export PYTHONPATH="$here/code:$here/python" PYTHONDONTWRITEBYTECODE=1
export LIFEBOAT_POSTGRES_ROOT="$here/lib/postgresql"
exec "${LIFEBOAT_PYTHON:-python3.13}" -m lifeboat.runtime.job "$@"
"""

_BACKUP = """\
#!/bin/sh
# Takes the backup of this minute, whose tier follows from the date: ./backup app
here=$(dirname "$(readlink -f "$0")")
now=$(date -u +%Y-%m-%dT%H:%M:00Z)
exec "$here/run" backup "{\\"database\\": \\"$1\\", \\"scheduled\\": \\"$now\\"}"
"""


def host_archive(architecture: Architecture, *, build: Path = BUILD) -> Path:
    """Make the archive, whose directory `lifeboat` needs nothing of the machine but Python 3.13.

    Args:
        architecture: of the machine, which has glibc 2.34 or later.
        build: where to build.

    Returns:
        Its path; an older one is replaced.
    """
    archive = build / f"lifeboat-{architecture}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        _add_program(tar, "run", _RUN)
        _add_program(tar, "backup", _BACKUP)
        tar.add(function_code(build=build), "lifeboat/code")
        tar.add(dependency_layer(architecture) / "python", "lifeboat/python")
        tar.add(server_layer(architecture) / "lib", "lifeboat/lib")
    return archive


def _add_program(tar: tarfile.TarFile, name: str, script: str) -> None:
    entry = tarfile.TarInfo(f"lifeboat/{name}")
    body = script.encode()
    entry.size, entry.mode = len(body), 0o755
    tar.addfile(entry, BytesIO(body))
