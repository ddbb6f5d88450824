"""Keeps a password that somebody pasted into a wrong place out of messages."""

NOT_SHOWN = "something not shown here, as it may hold a password"
"""What is shown in place of a value that `may_hold_password`."""


def may_hold_password(text: str) -> bool:
    """Whether a text may be a connection URL or string, which people paste into wrong places."""
    return "://" in text or "password" in text.lower()
