"""A network like a function's: bytes arrive later, and only so many a second.

`python -m benchmarks.network_shaper PORT` forwards a free port of 127.0.0.1, which it prints, to
that port. Lambda moves 625 Mbit/s each way, whatever the function's size
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); the time of a round trip
is a guess at a database in the same region.
"""

import argparse
import contextlib
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

BYTES_PER_SECOND = 78e6
ROUND_TRIP_SECONDS = 0.005
_PIECE = 1 << 18
"""Smaller ones cost up to three times the CPU; larger ones take longer than a round trip."""

_END = b""


@dataclass(frozen=True)
class NetworkShaper:
    """A running one.

    Attributes:
        port: where it listens on 127.0.0.1.
        process: its own process, so that what it takes of the machine can be told apart.
    """

    port: int
    process: psutil.Process


@contextmanager
def shape_network_to(port: int) -> Iterator[NetworkShaper]:
    """A shaper to a server on this machine; it ends with the block."""
    argv = [sys.executable, "-m", __name__, str(port)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            if process.stdout is None:
                raise RuntimeError("a pipe was asked for")
            yield NetworkShaper(int(process.stdout.readline()), psutil.Process(process.pid))
        finally:
            process.kill()


class Lane:
    """One direction, which all connections share."""

    def __init__(self) -> None:
        self._free = 0.0
        self._lock = threading.Lock()

    def book(self, size: int) -> float:
        """When the last of so many bytes arrives, on the monotonic clock."""
        with self._lock:
            begins = max(time.monotonic(), self._free)
            self._free = begins + size / BYTES_PER_SECOND
            return self._free + ROUND_TRIP_SECONDS / 2


def serve(port: int) -> None:
    """Forward, until killed."""
    up, down = Lane(), Lane()
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", port))
        for source, sink, lane in ((client, server, up), (server, client, down)):
            for each in (source, sink):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # What waits here has left the sender, as bytes on their way have: a few milliseconds'.
            waiting: queue.Queue[tuple[float, bytes]] = queue.Queue(maxsize=4)
            _start(_receive, source, lane, waiting)
            _start(_deliver, sink, waiting)


def _start(work: Callable[..., None], *args: object) -> None:
    threading.Thread(target=work, args=args, daemon=True).start()


def _receive(source: socket.socket, lane: Lane, waiting: queue.Queue[tuple[float, bytes]]) -> None:
    data = _PIECE * b"-"
    while data:
        try:
            data = source.recv(_PIECE)
        except ConnectionError:
            data = _END
        waiting.put((lane.book(len(data)), data))


def _deliver(sink: socket.socket, waiting: queue.Queue[tuple[float, bytes]]) -> None:
    alive = True
    while True:
        due, data = waiting.get()
        time.sleep(max(due - time.monotonic(), 0))
        if not data:
            break
        try:
            if alive:
                sink.sendall(data)
        except ConnectionError:
            alive = False  # the rest is thrown away, or else the other end would wait for ever
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def main() -> None:
    """What the command line does."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.network_shaper", description=__doc__
    )
    parser.add_argument("port", type=int)
    serve(parser.parse_args().port)


if __name__ == "__main__":
    main()
