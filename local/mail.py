"""The mail that AWS sends to an address which was subscribed to a topic."""

import hashlib


def token_of(topic: str, address: str) -> str:
    """The token in its link. Nobody gets mail here, so it can be reckoned; AWS's is random."""
    return hashlib.sha256(f"{topic} {address}".encode()).hexdigest()
