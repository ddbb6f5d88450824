"""What the programs that read a backup may do, and how a run makes sure of it.

Whoever may create a table in a database can put code into its backups. All programs of the layers
load a library that reads the kind of jail from the environment and sets it up before main() begins,
or ends the program (layers/postgres/shim/lifeboat-jail.c). A program that is started here in a jail
has to confirm it, so that a program without that library is never taken for a jailed one.

The jail needs Linux, as Lambda has. On macOS, local use runs without it.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import JailError

_AVAILABLE = sys.platform == "linux"


@dataclass(frozen=True)
class Jail:
    """A kind of jail. In none of them can a program start another program.

    Attributes:
        name: the library's name for it; None means no jail.
        writable: directories that a server may use, beside the system's own files.
    """

    name: str | None
    writable: tuple[Path, ...] = ()


NO_JAIL = Jail(None)
"""For programs that never read a backup."""

LOCAL = Jail("local")
"""A client of a throw-away server: UNIX sockets only."""

REMOTE = Jail("remote")
"""A client of a server elsewhere."""

OFFLINE = Jail("offline")
"""Reads an archive and writes text: no socket at all."""


def server_jail(*writable: Path) -> Jail:
    """For a throw-away server: it makes no connections and uses only these directories."""
    return Jail("server", writable)


class Confirmation:
    """A pipe by which a program confirms that it is in its jail.

    Args:
        jail: which one.
    """

    def __init__(self, jail: Jail) -> None:
        self._jail = jail
        self._reader = self._writer = -1
        self._confirmed = jail.name is None or not _AVAILABLE
        if not self._confirmed:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._reader, False)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """File descriptors that the program has to inherit."""
        return () if self._confirmed else (self._writer,)

    def environment(self) -> dict[str, str]:
        """Environment variables that the library reads."""
        if self._jail.name is None or self._confirmed:
            return {}
        return {
            "LIFEBOAT_JAIL": self._jail.name,
            "LIFEBOAT_JAIL_CONFIRM": str(self._writer),
            "LIFEBOAT_JAIL_WRITABLE": ":".join(map(str, self._jail.writable)),
        }

    def started(self) -> None:
        """Close our copy of the pipe's end that the program has inherited."""
        if self._writer != -1:
            os.close(self._writer)
            self._writer = -1

    def require(self, name: str, stderr: str) -> None:
        """Raise unless the program, which has begun its work or ended, is in its jail.

        Args:
            name: of the program.
            stderr: the end of its standard error.

        Raises:
            JailError: it has not confirmed.
        """
        if self._confirmed:
            return
        try:
            self._confirmed = os.read(self._reader, 1) == b"j"
        except BlockingIOError:
            self._confirmed = False
        if not self._confirmed:
            raise JailError(
                f"{name} was to run in a jail ({self._jail.name}), and did not confirm it:"
                f" {stderr or 'no message'}",
                todo="Build the layers and deploy again: make layers deploy. If it repeats, the"
                " kernel refuses seccomp filters: report the message.",
            )

    def close(self) -> None:
        """Close the pipe."""
        self.started()
        if self._reader != -1:
            os.close(self._reader)
            self._reader = -1
