"""The user that a program runs as: never root for one that reads a backup.

A function has one user, and its handler hides its memory from it. A job runs as root, from whom the
shell above the job hides nothing: its environment says where the credentials are.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """The user that a program runs as; None means the caller."""

    uid: int | None = None
    gid: int | None = None


CALLER = Account()


def without_root() -> Account:
    """The caller, or `nobody` if that is root."""
    if os.geteuid() != 0:
        return CALLER
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def is_readable_by_all(path: Path) -> bool:
    """Whether every user can get to what is in this directory, if it knows the names."""
    path = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def reader_of(programs: Path) -> Account:
    """Who runs these programs on what is not trusted: not root, unless only root can reach them.

    A build opens them to all. On a host of one's own, root may keep them where only root gets.
    """
    return without_root() if is_readable_by_all(programs) else CALLER
