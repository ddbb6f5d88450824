"""The Python that `lifeboat.pyz` is tested with: AWS CloudShell's 3.9, or the oldest to be had."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from layers.command_line import OLDEST_PYTHON

OLDEST_MINOR = int(OLDEST_PYTHON.partition(".")[2])


@cache
def oldest_python() -> tuple[str, Path]:
    """The oldest Python here that has to run it, with its version: 3.9 if there is one."""
    for minor in range(OLDEST_MINOR, sys.version_info.minor):
        for found in _places(minor):
            if _works(found, minor):
                return f"3.{minor}", Path(found)
    return f"3.{sys.version_info.minor}", Path(sys.executable)


def _places(minor: int) -> Iterator[str]:
    if found := shutil.which(f"python3.{minor}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from map(str, sorted(pyenv.glob(f"3.{minor}.*/bin/python")))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python"))
    yield from map(str, sorted(uv.glob(f"cpython-3.{minor}.*/bin/python3.{minor}")))


def _works(python: str, minor: int) -> bool:
    """Whether it starts and is that version: shims of version managers may be neither."""
    asks = [python, "-c", f"import sys, ssl; sys.exit(sys.version_info[:2] != (3, {minor}))"]
    return subprocess.run(asks, capture_output=True, check=False).returncode == 0
