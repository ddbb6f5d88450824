"""The API of the stand-in, over HTTP on 127.0.0.1."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from local.certificates import issue
from local.neon.control import ControlPlane
from local.neon.faults import Fault, Kind
from local.neon.model import Project, RefusedRequest
from local.neon.routes import Asked, Told, answer

PREFIX = "/api/v2"


@dataclass(frozen=True)
class Key:
    """What an API key may do.

    Attributes:
        may_write: whether it may change something.
        of_this_account: whether it sees the project at all.
        method: whose it is, as `GET /auth` says.
    """

    may_write: bool = True
    of_this_account: bool = True
    method: str = "api_key_org"


@dataclass(frozen=True)
class Seen:
    """A request that came, without its key."""

    method: str
    path: str
    query: dict[str, str]
    body: object


@dataclass
class FakeNeon:
    """A running stand-in, with one project.

    Attributes:
        control: the project's state, its clock and its servers.
        keys: the API keys that it accepts.
        faults: what goes wrong next.
        requests: what came, in order.
        a_minute: how many requests are answered in a minute; None: all.
        ca_file: the authority behind its certificate; None without TLS.
    """

    control: ControlPlane
    keys: dict[str, Key]
    ca_file: Path | None = None
    faults: list[Fault] = field(default_factory=list)
    requests: list[Seen] = field(default_factory=list)
    a_minute: int | None = None

    def __post_init__(self) -> None:
        """Begin to listen."""
        self._stopping = threading.Event()
        self._recent: deque[float] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True

    @classmethod
    def start(
        cls,
        key: str,
        *,
        root: Path | None = None,
        project: Project | None = None,
        tls: bool = False,
    ) -> Self:
        """Start it. PostgreSQL starts when a request first needs it, which takes a second.

        Args:
            key: an API key that may do everything.
            root: where directories are made; needed for TLS.
            project: default is a project of the Launch plan with the branch `main`.
            tls: speak HTTPS, with a certificate for localhost and 127.0.0.1.
        """
        certificate = issue(root) if tls and root else None
        fake = cls(
            ControlPlane(root, project or Project()),
            {key: Key()},
            ca_file=certificate.ca_file if certificate else None,
        )
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate_file, certificate.key_file)
            fake._server.socket = context.wrap_socket(fake._server.socket, server_side=True)
        serve = threading.Thread(
            target=fake._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            daemon=True,
        )
        serve.start()
        return fake

    @property
    def project(self) -> Project:
        """The project."""
        return self.control.project

    @property
    def url(self) -> str:
        """The base URL of its API."""
        scheme = "https" if self.ca_file else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}{PREFIX}"

    def stop(self) -> None:
        """End everything; harmless when repeated."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self.control.close()

    def __enter__(self) -> Self:
        """The stand-in itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def told(self, seen: Seen, key: str) -> tuple[Told, Fault | None]:
        """What a request is answered with, and the fault that it meets on the way back."""
        self.requests.append(seen)
        fault = next((each for each in self.faults if each.meets(seen.method, seen.path)), None)
        if fault and fault.kind in {Kind.REFUSED, Kind.CUT, Kind.HANGS}:
            if fault.kind is Kind.HANGS:
                self._stopping.wait()
            return _refusal(fault, key), fault
        try:
            self._require_allowed(seen, self.keys.get(key))
            asked = Asked(seen.method, seen.path, seen.query, seen.body, self.keys[key].method)
            told = answer(self.control, asked)
        except RefusedRequest as refused:
            told = _error(refused.status, refused.message, refused.code)
        return told, fault

    def stopping(self) -> bool:
        """Whether it is about to end."""
        return self._stopping.is_set()

    def _require_allowed(self, seen: Seen, key: Key | None) -> None:
        if self._too_many():
            raise RefusedRequest(429, "too many requests")
        if key is None:
            raise RefusedRequest(401, "authentication failed")
        if not key.of_this_account and seen.path.startswith("/projects"):
            raise RefusedRequest(404, "project not found")
        if not key.may_write and seen.method != "GET":
            raise RefusedRequest(403, "not allowed")

    def _too_many(self) -> bool:
        now = time.monotonic()
        while self._recent and now - self._recent[0] > 60:  # noqa: PLR2004 - a minute
            self._recent.popleft()
        if self.a_minute is not None and len(self._recent) >= self.a_minute:
            return True
        self._recent.append(now)
        return False


def _error(status: int, message: str, code: str = "") -> Told:
    headers = {"Retry-After": "1"} if status == 429 else {}  # noqa: PLR2004
    return Told(status, {"request_id": "fake-1", "code": code, "message": message}, headers)


def _refusal(fault: Fault, key: str) -> Told:
    told = _error(fault.status, fault.message.replace("{key}", key), fault.code)
    return Told(fault.status, told.body, fault.headers)


def _handler_of(fake: FakeNeon) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = parts.path.removeprefix(PREFIX)
            seen = Seen(self.command, path, dict(parse_qsl(parts.query)), body)
            key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            told, fault = fake.told(seen, key)
            if fault and fault.kind in {Kind.CUT, Kind.LOST, Kind.HANGS}:
                self._reset()
            else:
                self._send(told, fault)

        def _send(self, told: Told, fault: Fault | None) -> None:
            body = b"" if told.body is None else json.dumps(told.body).encode()
            piece = fault.body if fault and fault.body is not None else body
            dripping = fault is not None and fault.kind is Kind.DRIPS
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            if piece:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(10**12 if dripping else len(piece)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client has had enough
                while dripping and not fake.stopping():
                    self.wfile.write(piece)
                    time.sleep(0.02)
                self.wfile.write(piece)

        def _reset(self) -> None:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            self.connection.close()

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):  # reset before
                super().finish()

        def log_message(self, *_: object) -> None:
            """Be silent."""

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815 - names of the class

    return Handler
