"""Whom a server runs as, and where that user can get to: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from local.supervised_process import StartError


class Identity(TypedDict):
    """Arguments of subprocess that change the user, or don't."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


@dataclass(frozen=True)
class UnprivilegedUser:
    """The user a server runs as; `name` is None for the caller itself."""

    name: str | None

    @classmethod
    def of_caller(cls) -> "UnprivilegedUser":
        """The caller, but for root `nobody`, which every Linux and macOS has."""
        return cls("nobody" if os.geteuid() == 0 else None)

    def identity(self) -> Identity:
        """How to start a process as this user, without any of the caller's groups."""
        if self.name is None:
            return Identity(user=None, group=None, extra_groups=None)
        entry = pwd.getpwnam(self.name)
        return Identity(user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])

    def can_reach(self, path: Path) -> bool:
        """Whether it may enter `path`, judged by the mode bits that hold for everyone."""
        path = path.resolve()
        return self.name is None or all(
            each.stat().st_mode & 0o001 for each in (path, *path.parents)
        )

    def make_home(self, prefix: str, preferred: Path | None, longest: int) -> Path:
        """A new private directory, in `preferred` or else in the system's temporary directory.

        Args:
            prefix: the start of its name.
            preferred: taken when this user can reach it and its path is short enough.
            longest: bytes the parent's path may have.

        Raises:
            StartError: not even the temporary directory will do.
        """
        places = [preferred, Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108 - if TMPDIR is private
        for place in (each.resolve() for each in places if each):
            if len(os.fsencode(place)) <= longest and self.can_reach(place):
                return Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        raise StartError(
            f"No directory for a server's files: {self.name or 'you'} can reach none of {places}, "
            f"or their paths are longer than {longest} bytes.",
            todo="Set TMPDIR to a directory with a short path that every user may enter.",
        )

    def within_reach(self, tree: Path, home: Path, *, without: Iterable[str] = ()) -> Path:
        """`tree` itself, or a copy in `home` when it lies where this user can't get to.

        Args:
            tree: the directory that is needed.
            home: where a copy goes.
            without: names in `tree` that aren't needed, so aren't copied.
        """
        if self.can_reach(tree):
            return tree
        ignore = shutil.ignore_patterns(*without)
        return shutil.copytree(tree, home / tree.name, symlinks=True, ignore=ignore)

    def receive(self, home: Path) -> None:
        """Make this user the owner of `home` and all that lies in it so far."""
        if self.name is None:
            return
        owner = pwd.getpwnam(self.name)
        for path in (home, *home.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
