"""What the programs that read a backup may do, and how a run knows that they are held to it.

Whoever may create a table in a database can put code into its backups. All programs of the layers
load a library that reads from their environment which jail it shall be, builds it before main()
begins, or ends the program (layers/postgres/shim/lifeboat-jail.c). What is started here in a jail
has to confirm it, so that programs of another kind are never taken for jailed ones.

macOS has no such jail. Functions run on Linux; there, local use goes without.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import JailError

_AVAILABLE = sys.platform == "linux"


@dataclass(frozen=True)
class Jail:
    """A kind of jail; in none of them can a program run another one.

    Attributes:
        name: as the library calls it; None is no jail.
        writable: directories that a server may use; it has no other files but the system's own.
    """

    name: str | None
    writable: tuple[Path, ...] = ()


#: For what never reads a backup.
NO_JAIL = Jail(None)
#: A client of a throw-away server: UNIX sockets only.
LOCAL = Jail("local")
#: A client of a server elsewhere.
REMOTE = Jail("remote")
#: Reads an archive and writes text: no socket at all.
OFFLINE = Jail("offline")


def server_jail(*writable: Path) -> Jail:
    """For a throw-away server: it connects to nothing, and has no files but these."""
    return Jail("server", writable)


class Confirmation:
    """A pipe by which a program confirms that it is in its jail.

    Args:
        jail: which one.
    """

    def __init__(self, jail: Jail) -> None:
        self._jail = jail
        self._reader = self._writer = -1
        self._came = jail.name is None or not _AVAILABLE
        if not self._came:
            self._reader, self._writer = os.pipe()
            os.set_blocking(self._reader, False)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the program has to inherit."""
        return () if self._came else (self._writer,)

    def environment(self) -> dict[str, str]:
        """What the library has to find in the program's environment."""
        if self._jail.name is None or self._came:
            return {}
        return {
            "LIFEBOAT_JAIL": self._jail.name,
            "LIFEBOAT_JAIL_CONFIRM": str(self._writer),
            "LIFEBOAT_JAIL_WRITABLE": ":".join(map(str, self._jail.writable)),
        }

    def started(self) -> None:
        """Say that the program has its end of the pipe now."""
        if self._writer != -1:
            os.close(self._writer)
            self._writer = -1

    def require(self, name: str, said: str) -> None:
        """Raise unless the program, which has begun its work or ended, is in its jail.

        Args:
            name: of the program.
            said: its last words.

        Raises:
            JailError: it isn't, or wasn't.
        """
        if self._came:
            return
        try:
            self._came = os.read(self._reader, 1) == b"j"
        except BlockingIOError:
            self._came = False
        if not self._came:
            raise JailError(
                f"{name} was to run in a jail ({self._jail.name}), and did not confirm it:"
                f" {said or 'no message'}",
                todo="Build the layers and deploy again: make layers deploy. If it repeats, the"
                " kernel refuses seccomp filters: report the message.",
            )

    def close(self) -> None:
        """Close the pipe."""
        self.started()
        if self._reader != -1:
            os.close(self._reader)
            self._reader = -1
