"""Keeps a password or a key that somebody pasted into a wrong place out of messages."""

NOT_SHOWN = "something not shown here, as it may hold a password"
"""What is shown in place of a value that `may_hold_password`."""


def may_hold_password(text: str) -> bool:
    """Whether a text may hold a secret that people paste into wrong places.

    That is a connection URL or string, or an API key of Neon, which begins with napi_:
    https://neon.com/docs/manage/api-keys
    """
    return "://" in text or "password" in text.lower() or "napi_" in text
