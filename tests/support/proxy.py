"""A TCP proxy that breaks the network on purpose."""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

#: Longer than any run of a test lasts.
SILENCE_SECONDS = 60.0


@dataclass
class _Loss:
    """A request whose answer is to be lost."""

    request: bytes
    delivered: bool
    met: bool = False


class Proxy:
    """Forwards 127.0.0.1:<port> to a server until it is told to cut or to stall.

    Attributes:
        port: its own.
        forwarded: bytes that it let through, either way.
        answered: those of them that the server sent.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: list[socket.socket] = []
        self._losses: list[_Loss] = []
        self._unanswered: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.forwarded = 0
        self.answered = 0
        self._lock = threading.Lock()
        self._delay = 0.0
        self._stalled: float | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, and accept no more."""
        with contextlib.suppress(OSError):  # cut before; closing alone wakes nobody in accept()
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        _reset(*self._sockets)

    def lose_answer(self, request: bytes, *, delivered: bool = True) -> None:
        """Reset the first connection that sends these bytes, in the place of their answer.

        Args:
            request: bytes that come in one piece, such as a statement; without TLS.
            delivered: whether the server gets the request, and has answered it by then.
        """
        self._losses.append(_Loss(request, delivered))

    @property
    def has_lost(self) -> bool:
        """Whether every request came whose answer was to be lost."""
        return all(loss.met for loss in self._losses)

    def stall(self) -> None:
        """Let no byte through for a minute, without telling anybody."""
        self._stalled = time.monotonic()
        self._flowing.clear()

    def require_silence(self) -> None:
        """Whoever is over by now was so while nothing came through."""
        assert self._stalled is not None, "never silent"
        assert time.monotonic() - self._stalled < SILENCE_SECONDS, "the silence was waited out"

    def slow(self, seconds: float) -> None:
        """Let each piece wait for a while."""
        self._delay = seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.cut()
        self._flowing.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(*pair, server), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._flowing.wait(SILENCE_SECONDS)
                time.sleep(self._delay)
                if self._is_lost(data, source, sink, server):
                    _reset(source, sink)
                    return
                sink.sendall(data)
                self.forwarded += len(data)
                if source is server:
                    with self._lock:
                        self.answered += len(data)
            sink.shutdown(socket.SHUT_WR)

    def _is_lost(
        self, data: bytes, source: socket.socket, sink: socket.socket, server: socket.socket
    ) -> bool:
        """Whether these bytes go no further: an answer to be lost, or an undelivered request."""
        if source is server:
            return sink in self._unanswered
        for loss in self._losses:
            if loss.request in data and not loss.met:
                loss.met = True
                if not loss.delivered:
                    return True
                self._unanswered.add(source)
        return False


def _reset(*sockets: socket.socket) -> None:
    for each in sockets:
        with contextlib.suppress(OSError):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.shutdown(socket.SHUT_RDWR)
        each.close()
