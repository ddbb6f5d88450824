"""Temporary files in memory, where there is enough of it.

The tests make hundreds of databases and drop them, each of some 300 files. On some file systems,
such as ext4 without a journal, creating files among so many that have just been deleted takes a
third of the tests' time.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")  # noqa: S108
_PREFIX = "lifeboat-tests-"
_LOCK = "lock"
_MIN_ROOM = 8 << 30
"""Bytes: twice what the tests have there at a time."""


@contextmanager
def temporary_files_in_memory() -> Iterator[None]:
    """Let this process and its children have their temporary files in memory.

    Nothing is changed if TMPDIR is set, or memory is short, or this system has no such place.
    """
    if "TMPDIR" in os.environ or not _has_room():
        yield
        return
    _remove_abandoned()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
    with (place / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place.chmod(0o711)  # servers and functions of the tests are other users, if we are root
        os.environ["TMPDIR"] = str(place)
        tempfile.tempdir = None
        try:
            yield
        finally:
            del os.environ["TMPDIR"]
            tempfile.tempdir = None
            shutil.rmtree(place, ignore_errors=True)


def _has_room() -> bool:
    """Whether there is a place in memory that is large enough and lets programs run."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return False
    found = os.statvfs(_MEMORY)
    free = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available)
    return free >= _MIN_ROOM and not found.f_flag & os.ST_NOEXEC


def _remove_abandoned() -> None:
    """Remove what killed runs have left, whose locks ended with them."""
    for path in _MEMORY.glob(f"{_PREFIX}*/{_LOCK}"):
        if path.stat().st_uid != os.geteuid():
            continue
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(path.parent, ignore_errors=True)


def public_place() -> str:
    """Where a directory goes that every user has to get to: TMPDIR, unless it is private."""
    place = Path(tempfile.gettempdir()).resolve()
    is_public = all(each.stat().st_mode & 0o001 for each in (place, *place.parents))
    return str(place) if is_public else "/tmp"  # noqa: S108
