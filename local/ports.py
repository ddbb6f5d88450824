"""Free TCP ports."""

import socket


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago.

    Between this answer and its use another program may take the port; nothing that we start can
    be handed an open socket instead, and the kernel deals ports out at random, so it is rare.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
