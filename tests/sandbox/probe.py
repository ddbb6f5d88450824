"""Runs in the box instead of a function, and prints what it finds there. Not a test."""

import ctypes
import json
import os
import pwd
import sys
from pathlib import Path


def may_write(directory: Path) -> bool:
    try:
        Path(directory, "mine").touch()
    except OSError:
        return False
    return True


def writable() -> list[str]:
    """Directories that can be written to: every mounted file system is tried."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = {Path(each) for each in mounts if Path(each).is_dir()}
    return sorted(str(each) for each in places if may_write(each))


def system_v_memory() -> str:
    """What shmget(IPC_PRIVATE, 56 bytes), PostgreSQL's first one, comes to."""
    ctypes.set_errno(0)
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    return "works" if libc.shmget(0, 56, 0o600) >= 0 else os.strerror(ctypes.get_errno())


def has_name() -> bool:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return False
    return True


def programs_of_postgres() -> list[str]:
    return sorted(
        str(found)
        for top in Path("/").iterdir()
        if top.name not in {"proc", "dev"}
        for name in ("pg_*", "postgres", "initdb")
        for found in top.rglob(name)
        if os.access(found, os.X_OK) and found.is_file()
    )


json.dump(
    {
        "user": [os.getuid(), os.getgid(), has_name()],
        "variables": dict(os.environ),
        "imports": sys.path,
        "packages_of_python": [
            str(each)
            for entry in sys.path
            if "-packages" in entry
            for each in Path(entry).iterdir()
        ],
        "writable": writable(),
        "tmp_bytes": os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize,  # noqa: S108
        "shared_memory": os.path.exists("/dev/shm"),  # noqa: PTH110, S108
        "system_v_memory": system_v_memory(),
        "capabilities": [
            line.split()[1]
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith(("CapPrm", "CapEff", "CapBnd"))
        ],
        "programs": programs_of_postgres(),
    },
    sys.stdout,
)
