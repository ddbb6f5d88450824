"""A private directory for one run, and the end of what killed runs left in theirs.

/tmp outlives an invocation, and a run that is killed cleans up nothing. Each directory is held by
a lock that ends with its process, so whatever is not locked belongs to nobody and is removed,
together with a server that may still run in it.
"""

import contextlib
import errno
import fcntl
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import DoesNotFitError
from lifeboat.postgres.programs import CALLER, Account

PREFIX = "lifeboat-run-"
DATA = "data"
_LOCK = "lock"
_YOUNG_SECONDS = 60.0
_LONGEST = 60
"""Bytes that the parent's path may have: a socket's path ends after 107 (macOS: 103)."""


@dataclass(frozen=True)
class Scratch:
    """A directory of the run's own.

    Attributes:
        path: short enough for a server's socket below it.
        account: whom programs run as that must not be root; it owns the directory.
    """

    path: Path
    account: Account

    def give(self, path: Path) -> None:
        """Let the account own `path`, which lies in the directory."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def folder(self, name: str) -> Path:
        """A new directory in it that only the account may enter."""
        path = self.path / name
        path.mkdir(mode=0o700)
        self.give(path)
        return path

    def within_reach(self, tree: Path, needed: tuple[str, ...]) -> Path:
        """`tree` itself, or a copy of what is needed of it when the account can't get there.

        Args:
            tree: a directory with programs.
            needed: names in it; files beside them are always taken.
        """
        if self.account.uid is None or _open_to_all(tree):
            return tree
        copy = self.path / "programs"
        copy.mkdir()
        for entry in tree.iterdir():
            if entry.is_file():
                shutil.copy(entry, copy)
            elif entry.name in needed:
                shutil.copytree(entry, copy / entry.name)
        _open(copy)
        return copy

    def bytes_used(self) -> int:
        """What all its files take on the disk, in bytes."""
        total = 0
        for folder, _, files in os.walk(self.path):
            for name in files:
                with contextlib.suppress(FileNotFoundError):  # a server removes files at any time
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118  # in a hot loop
        return total


@contextmanager
def scratch_directory(parent: Path | None = None) -> Iterator[Scratch]:
    """Make the directory, after having swept away what dead runs left; remove it in the end.

    Args:
        parent: where; by default the system's temporary directory, or /tmp where that one's path
            is too long for a socket or closed to the account that programs run as.

    Raises:
        DoesNotFitError: the disk was full, here or in the block.
    """
    account = _account()
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
        raise DoesNotFitError(
            f"The disk of {place} is full: {error.strerror}.",
            todo="Raise drill.ephemeral_mb (for a restore: restore.ephemeral_mb) in"
            " lifeboat.toml, then: make deploy",
        ) from None


@contextmanager
def _held(path: Path, account: Account) -> Iterator[Scratch]:
    """Hold the directory by its lock, and remove it in the end."""
    try:
        unlocked = path / f"{_LOCK}.new"  # under its own name it would be another's to take
        with unlocked.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            unlocked.rename(path / _LOCK)
            scratch = Scratch(path, account)
            scratch.give(path)
            yield scratch
    finally:
        shutil.rmtree(path)


def sweep(place: Path) -> None:
    """Remove the directories of runs that are no more, and end the servers in them."""
    for path in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another's sweep, or user
            if _is_abandoned(path):
                _end_server(path / DATA)
                shutil.rmtree(path)


def _is_abandoned(path: Path) -> bool:
    lock = path / _LOCK
    if not lock.exists():  # in the making, or half removed
        return time.time() - path.stat().st_mtime > _YOUNG_SECONDS
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _end_server(data: Path) -> None:
    """Kill the postmaster that runs in `data`, if any; its children end with it."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if Path(f"/proc/{pid}/cwd").readlink() == data.resolve():  # not one that got its number
            os.kill(pid, signal.SIGKILL)


def _account() -> Account:
    """The caller, or for root `nobody`: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return CALLER
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _place(account: Account) -> Path:
    chosen = Path(tempfile.gettempdir())
    fits = len(os.fsencode(chosen)) <= _LONGEST
    return chosen if fits and (account.uid is None or _open_to_all(chosen)) else Path("/tmp")  # noqa: S108  # the function's own


def _open(tree: Path) -> None:
    """Let everybody read it and run what runs in it, whatever the umask of whoever made it."""
    for path in (tree, *tree.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)


def _open_to_all(path: Path) -> bool:
    path = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))
