"""Faults planned at an S3 client; a fault that never came fails the test that planned it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse

type Fault = Callable[[Any], AWSResponse | None]


class _Raw:
    """What botocore reads an answer's body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def answer(status: int, code: str) -> Fault:
    """S3 answers with this error."""
    body = f"<Error><Code>{code}</Code><Message>on purpose</Message></Error>".encode()

    def fault(request: Any) -> AWSResponse:
        return AWSResponse(request.url, status, {}, _Raw(body))  # type: ignore[arg-type]

    return fault


def slow(seconds: float) -> Fault:
    """The request takes longer."""

    def fault(_: Any) -> None:
        time.sleep(seconds)

    return fault


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
