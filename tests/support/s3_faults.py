"""Faults planned at an S3 client; a fault that never came fails the test that planned it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from typing import Any, Self

from botocore.awsrequest import AWSResponse

type Fault = Callable[[Any], AWSResponse | None]


class _Raw(BytesIO):
    """What botocore reads an answer's body from."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def answer(status: int, code: str) -> Fault:
    """S3 answers with this error."""
    body = f"<Error><Code>{code}</Code><Message>on purpose</Message></Error>".encode()

    def fault(request: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {}, _Raw(body))  # type: ignore[arg-type]

    return fault


def without_a_body(status: int) -> Fault:
    """S3 answers a HEAD with this status: there is no body that could name a code."""

    def fault(request: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {}, _Raw(b""))  # type: ignore[arg-type]

    return fault


def slow(seconds: float) -> Fault:
    """The request takes longer."""

    def fault(_: Any) -> None:
        time.sleep(seconds)

    return fault


def meanwhile(act: Callable[[], object]) -> Fault:
    """Something happens while the first request is under way; the others wait for that."""
    begun, done = threading.Event(), threading.Event()
    lock = threading.Lock()

    def fault(_: Any) -> None:
        with lock:
            first = not begun.is_set()
            begun.set()
        if first:
            act()
            done.set()
        done.wait(60)

    return fault


class Silence:
    """S3 takes requests and answers none, for a minute, which is longer than any run here lasts.

    Args:
        then: done when the first request has come.
    """

    SECONDS = 60.0

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self._then = then
        self._lock = threading.Lock()
        self._begun: float | None = None
        self._ended = threading.Event()

    def __call__(self, _: Any) -> None:
        with self._lock:
            first, self._begun = self._begun is None, self._begun or time.monotonic()
        if first:
            self._then()
        self._ended.wait(self.SECONDS)

    def end(self) -> None:
        """Let the requests go on."""
        self._ended.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End it; whoever is over by now was so before S3 said anything."""
        self.end()
        if error is None:
            assert self._begun is not None, "nothing was asked of the silent S3"
            assert time.monotonic() - self._begun < self.SECONDS, "the silence was waited out"


@contextmanager
def planned(
    client: Any, operation: str, fault: Fault, *, times: int | None = None, after: int = 0
) -> Iterator[threading.Event]:
    """Let `fault` meet requests of `operation`; yields an event that is set when it first did.

    Args:
        client: the S3 client.
        operation: such as `UploadPart`.
        fault: what happens.
        times: how many requests it meets; None: all.
        after: how many requests pass before.
    """
    met, fired, lock = 0, threading.Event(), threading.Lock()
    name = f"before-send.s3.{operation}"

    def hook(request: Any, **_: object) -> AWSResponse | None:
        nonlocal met
        with lock:
            met += 1
            mine = met > after and (times is None or met <= after + times)
        if not mine:
            return None
        fired.set()
        return fault(request)

    client.meta.events.register(name, hook)
    try:
        yield fired
    finally:
        client.meta.events.unregister(name, hook)
    assert fired.is_set(), f"the fault planned for {operation} never came"


def but_done(client: Any, fault: Fault) -> Fault:
    """S3 does what was asked for, and then `fault` takes the place of its answer, also to repeats.

    Those don't reach S3.
    """
    done: list[AWSResponse] = []

    def after(request: Any) -> AWSResponse | None:
        if not done:
            done.append(_sent(client, request))
            assert done[0].status_code < HTTPStatus.MULTIPLE_CHOICES, done[0].content
        return fault(request)

    return after


def altered(client: Any, change: Callable[[bytes], bytes]) -> Fault:
    """The body of S3's answer arrives changed, under the headers of the true one."""

    def fault(request: Any) -> AWSResponse:
        true = _sent(client, request)
        raw = _Raw(change(b"".join(true.raw.stream())))
        return AWSResponse(request.url, true.status_code, true.headers, raw)  # type: ignore[arg-type]

    return fault


def flipped(body: bytes) -> bytes:
    """The same with one bit in its middle turned over."""
    changed = bytearray(body)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def damage(request: Any) -> None:
    """One bit of the request's body is turned over on its way."""
    body = request.body
    request.body = flipped(body.read() if hasattr(body, "read") else bytes(body))


def _sent(client: Any, request: Any) -> AWSResponse:
    sent: AWSResponse = client._endpoint.http_session.send(request)  # no other way
    return sent


@contextmanager
def changed_answer(client: Any, operation: str, changes: dict[str, Any]) -> Iterator[None]:
    """Let S3's answers to `operation` say something else than it did."""
    fired = threading.Event()
    name = f"after-call.s3.{operation}"

    def hook(parsed: dict[str, Any], **_: object) -> None:
        fired.set()
        parsed.update(changes)

    client.meta.events.register(name, hook)
    try:
        yield
    finally:
        client.meta.events.unregister(name, hook)
    assert fired.is_set(), f"the fault planned for {operation} never came"
