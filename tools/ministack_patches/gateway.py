"""Gaps of ministack's HTTP server."""

from ministack import app  # type: ignore[import-not-found]


def own_port_only() -> None:
    """Listen on our port and nowhere else; with TLS it also takes 443 where it may, as root may."""
    app._port_is_bindable = lambda _host, _port: False  # noqa: SLF001
