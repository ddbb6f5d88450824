"""Keeps a password that was pasted into a wrong place out of what is told about it."""

NOT_SHOWN = "something not shown here, as it may hold a password"
"""What is told in place of a value that `may_hold_password`."""


def may_hold_password(text: str) -> bool:
    """Whether a text may be a connection's: people paste those into wrong places, too."""
    return "://" in text or "password" in text.lower()
