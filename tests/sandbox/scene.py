"""A drill that stands still, for an intruder to try everything in its server."""

import signal
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil
import psycopg

from tests.sandbox.intruder import Scene


class Listener:
    """Somebody on the network, such as Lambda's runtime API, who notices every caller."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._callers = 0
        self._thread = threading.Thread(target=self._answer)

    def was_called(self) -> bool:
        """Since this was asked the last time."""
        callers, self._callers = self._callers, 0
        return callers > 0

    def _answer(self) -> None:
        """Hang up at once, until the socket is shut."""
        with suppress(OSError):
            while True:
                self._socket.accept()[0].close()
                self._callers += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


def loads(process: psutil.Process) -> bool:
    return any("--jobs" in word for word in process.cmdline())


def scene_of(
    processes: Iterable[psutil.Process],
    restoring: psutil.Process,
    library: bytes,
    port: int,
    *,
    code: str = "/var/task/lifeboat/errors.py",
    secret: str = "AWS_SECRET_ACCESS_KEY=",  # the name of a variable
) -> Scene:
    """The server of a drill that stands still, made to trust everybody.

    Whoever restores is no superuser there, and nobody logs in without a password. What the walls
    hold is tried as if both were otherwise.
    """
    named = [each for each in processes if each.name() == "postgres"]
    (server,) = (each for each in named if each.ppid() not in {other.pid for other in named})
    data = server.cmdline()[server.cmdline().index("-D") + 1]
    run = data.rpartition("/")[0]
    root = Path(f"/proc/{server.pid}/root")
    superuser = restoring.environ()["PGUSER"].replace("_restorer", "_admin")
    (root / data.removeprefix("/") / "pg_hba.conf").write_text("local all all trust\n")
    server.send_signal(signal.SIGHUP)

    def connect(user: str) -> psycopg.Connection:
        host = f"{root}{run}/socket"
        return psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True)

    status = Path(f"/proc/{server.ppid()}/status").read_text()
    (numbers,) = (line for line in status.splitlines() if line.startswith("NSpid:"))
    return Scene(
        root=root,
        run=run,
        handler=int(numbers.split()[-1]),
        code=code,
        secret=secret,
        port=port,
        shared_library=library,
        connect=connect,
        superuser=superuser,
    )


def trusts(scene: Scene) -> bool:
    """Whether the server has read that it is to."""
    with suppress(psycopg.OperationalError):
        return scene.ask("SELECT current_setting('is_superuser')") == "on"
    return False
