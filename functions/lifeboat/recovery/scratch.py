"""A private directory for each run, and the removal of those that killed runs left behind.

/tmp outlives an invocation, and a killed run cleans up nothing. Each run locks its directory, and
the lock ends with the process. So an unlocked directory has no owner: it is removed, and a server
that still runs in it is killed.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import CapacityError
from lifeboat.postgres.account import Account, is_readable_by_all, without_root
from lifeboat.runtime.hand_over import engine
from lifeboat.settings.size_names import size_setting

PREFIX = "lifeboat-run-"
DATA = "data"
_LOCK = "lock"
_GRACE_SECONDS = 60.0
_MAX_PATH_BYTES = 60
"""Bytes of the parent's path: a socket's path may have 107 (macOS: 103)."""


@dataclass(frozen=True)
class Scratch:
    """The directory of one run.

    Attributes:
        path: short enough for a server's socket below it.
        account: the user for programs that read a backup, who is not root; it owns the directory.
    """

    path: Path
    account: Account

    def give(self, path: Path) -> None:
        """Make the account the owner of `path`, which is in the directory."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def folder(self, name: str) -> Path:
        """Create a directory in it that only the account may enter."""
        path = self.path / name
        path.mkdir(mode=0o700)
        self.give(path)
        return path

    def within_reach(self, tree: Path, needed: tuple[str, ...]) -> Path:
        """`tree` itself, or a copy of its needed parts if the account can't read it.

        Args:
            tree: a directory with programs.
            needed: directories in it to copy; files are always copied.
        """
        if self.account.uid is None or is_readable_by_all(tree):
            return tree
        copy = self.path / "programs"
        copy.mkdir()
        for entry in tree.iterdir():
            if entry.is_file():
                shutil.copy(entry, copy)
            elif entry.name in needed:
                shutil.copytree(entry, copy / entry.name)
        _make_readable(copy)
        return copy

    def bytes_used(self) -> int:
        """The disk space of all its files, in bytes."""
        total = 0
        for folder, _, files in os.walk(self.path):
            for name in files:
                with contextlib.suppress(FileNotFoundError):  # a server removes files at any time
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118  # in a hot loop
        return total


@contextmanager
def scratch_directory(parent: Path | None = None) -> Iterator[Scratch]:
    """Remove the directories of killed runs, then make one; it is removed at the end of the block.

    Args:
        parent: by default the system's temporary directory, in a build the sources' if there is
            more room, or /tmp if these paths are too long for a socket or not readable for the
            account.

    Raises:
        CapacityError: the disk was full, here or in the block.
    """
    account = without_root()
    place = parent or _place(account)
    sweep(place)
    with _enough_disk(place):
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        with _held(path, account) as scratch:
            yield scratch


@contextmanager
def _enough_disk(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise CapacityError(
            f"The disk of {place} is full: {error.strerror}.",
            todo=f"Raise {size_setting(engine(), 'drill', 'disk')} (for a restore:"
            f" {size_setting(engine(), 'restore', 'disk')}) in lifeboat.toml, then: make deploy",
        ) from None


@contextmanager
def _held(path: Path, account: Account) -> Iterator[Scratch]:
    """Lock the directory; remove it while it is locked, or another run's sweep would do so, too."""
    try:
        unlocked = path / f"{_LOCK}.new"  # named later: an unlocked lock file would look abandoned
        with unlocked.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            unlocked.rename(path / _LOCK)
            scratch = Scratch(path, account)
            scratch.give(path)
            try:
                yield scratch
            finally:
                shutil.rmtree(path)
    finally:
        if path.exists():  # it could not be locked
            shutil.rmtree(path)


def sweep(place: Path) -> None:
    """Remove the directories of dead runs, and kill the servers in them."""
    for path in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another's sweep, or user
            if _is_abandoned(path):
                _end_server(path / DATA)
                shutil.rmtree(path)


def _is_abandoned(path: Path) -> bool:
    lock = path / _LOCK
    if not lock.exists():  # being made, or half removed
        return time.time() - path.stat().st_mtime > _GRACE_SECONDS
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _end_server(data: Path) -> None:
    """Kill the postmaster that runs in `data`, if there is one; its children end with it."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if (
            Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
        ):  # not another process with a reused PID
            os.kill(pid, signal.SIGKILL)


def _place(account: Account) -> Path:
    """Where the directory goes: of the places that will do, the one with most room.

    A build of CodeBuild may have its sources on another, larger disk than its /tmp.
    """
    sources = os.environ.get("CODEBUILD_SRC_DIR")
    offered = [Path(tempfile.gettempdir()), *([Path(sources)] if sources else [])]
    places = [each for each in offered if _will_do(each, account)]
    # The first of equals: a disk may have several names.
    return max(places, key=lambda each: shutil.disk_usage(each).free, default=Path("/tmp"))  # noqa: S108  # the function's own


def _will_do(place: Path, account: Account) -> bool:
    """Whether a socket's path below it is short enough, and the account can get there."""
    fits = place.is_dir() and len(os.fsencode(place)) <= _MAX_PATH_BYTES
    return fits and (account.uid is None or is_readable_by_all(place))


def _make_readable(tree: Path) -> None:
    """Let every user read it and execute its programs, whatever the umask was."""
    for path in (tree, *tree.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)
