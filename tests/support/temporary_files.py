"""Temporary files in memory, where there is enough of it.

The tests make hundreds of databases and drop them, each of some 300 files. On some file systems,
such as ext4 without a journal, creating files among so many that have just been deleted takes a
third of the tests' time.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

import psutil

_MEMORY = Path("/dev/shm")  # noqa: S108
_PREFIX = "lifeboat-tests-"
_LOCK = "lock"
_MIN_ROOM = 8 << 30
"""Bytes: twice what the tests have there at a time."""


@dataclass(frozen=True)
class TemporaryFiles:
    """A directory in memory, in which this process and its children have their temporary files.

    Attributes:
        place: the directory.
        lock: its lock, which ends with the process.
    """

    place: Path
    lock: TextIO

    @classmethod
    def in_memory(cls) -> Self | None:
        """Use one from now on; None, and nothing changes, if TMPDIR is set or memory is short."""
        if "TMPDIR" in os.environ or not _has_room():
            return None
        _remove_abandoned()
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY))
        unlocked = place / "new"  # named later: another run takes an unlocked one for abandoned
        lock = unlocked.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        unlocked.rename(place / _LOCK)
        place.chmod(0o711)  # servers and functions of the tests are other users, if we are root
        _use(place)
        return cls(place, lock)

    def close(self, *, keep: bool) -> None:
        """Use it no more.

        Args:
            keep: leave the files for who wants to look; the next run removes them.
        """
        _use(None)
        self.lock.close()
        if not keep:
            shutil.rmtree(self.place, ignore_errors=True)


def public_place() -> str:
    """Where a directory goes that every user has to get to: TMPDIR, unless it is private."""
    place = Path(tempfile.gettempdir()).resolve()
    is_public = all(each.stat().st_mode & 0o001 for each in (place, *place.parents))
    return str(place) if is_public else "/tmp"  # noqa: S108


def _use(place: Path | None) -> None:
    if place:
        os.environ["TMPDIR"] = str(place)
    else:
        del os.environ["TMPDIR"]
    tempfile.tempdir = None


def _has_room() -> bool:
    """Whether there is a place in memory that is large enough and lets programs run."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return False
    found = os.statvfs(_MEMORY)
    free = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available)
    return free >= _MIN_ROOM and not found.f_flag & os.ST_NOEXEC


def _remove_abandoned() -> None:
    """Remove what ended runs have left: their locks ended with them."""
    for path in _MEMORY.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), path.open() as lock:  # of another user, locked, or just removed
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.parent, ignore_errors=True)
