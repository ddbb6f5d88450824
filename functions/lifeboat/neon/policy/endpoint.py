"""Where the API is: Neon's own address, except in tests on this machine."""

import re

from lifeboat.errors import RefusedError

TEST_API = "LIFEBOAT_TEST_NEON_API"
"""The environment variable that names another address of the API. No deployment sets it."""

_HERE = re.compile(r"https?://127\.0\.0\.1:[0-9]{1,5}(/[a-z0-9]+)*", re.ASCII)
"""Exact, since parsers of URLs differ: to some, http://a.example\\@127.0.0.1 is a.example."""


def api_of(value: str | None) -> str | None:
    """The address of a stand-in; None for Neon's own API.

    The key is sent there. Who may change a function's variables must not so take the key out of
    it, so nothing but the machine itself is accepted: in Lambda nobody else listens there.

    Args:
        value: of the variable.

    Raises:
        RefusedError: it is an address elsewhere.
    """
    if not value:
        return None
    if not _HERE.fullmatch(value):
        raise RefusedError(
            f"The variable {TEST_API} names another place than 127.0.0.1. Neon's API key is sent"
            " to Neon alone.",
            todo=f"Find out who set {TEST_API}, and remove it: deploy the stack again (make"
            " deploy).",
        )
    return value
