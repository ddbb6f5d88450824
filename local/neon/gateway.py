"""The fixed address of a branch, in front of a server that may be exchanged, as Neon's proxy is."""

import contextlib
import socket
import threading


class Gateway:
    """Forwards a port of 127.0.0.1 to whichever server stands behind it.

    Attributes:
        port: its own, as long as it is open.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def point_at(self, target: int) -> None:
        """Let another port stand behind it; connections to the old one end."""
        self._target = target
        self._cut()

    def close(self) -> None:
        """End all connections and accept no more."""
        with contextlib.suppress(OSError):  # closing alone wakes nobody in accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def _cut(self) -> None:
        connections, self._open = self._open, []
        for each in connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
