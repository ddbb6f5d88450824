"""Gaps of ministack's HTTP server."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app  # type: ignore[import-not-found]

PIECE = 4 << 20

Send = Callable[[dict[str, Any]], Awaitable[None]]


def own_port_only() -> None:
    """Listen on our port and nowhere else; with TLS it also takes 443 where it may, as root may."""
    app._port_is_bindable = lambda _host, _port: False  # noqa: SLF001


def large_responses() -> None:
    """Send large bodies in pieces.

    One TLS write of 2 GiB fails, and of any size keeps a second copy of the object in memory.
    """
    whole = app._send_response  # noqa: SLF001

    async def in_pieces(
        send: Send, status: int, headers: dict[str, str], body: bytes, *, head: bool = False
    ) -> None:
        if head or len(body) <= PIECE:
            await whole(send, status, headers, body, head=head)
            return
        headers["Content-Length"] = str(len(body))
        begin = {"status": status, "headers": app._asgi_header_list(headers)}  # noqa: SLF001
        await send({"type": "http.response.start", **begin})
        view = memoryview(body)
        for at in range(0, len(body), PIECE):
            piece = {"body": bytes(view[at : at + PIECE]), "more_body": at + PIECE < len(body)}
            await send({"type": "http.response.body", **piece})

    app._send_response = in_pieces  # noqa: SLF001
