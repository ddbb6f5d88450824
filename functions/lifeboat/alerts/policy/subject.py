"""The subject of a message: phones show only its beginning."""

from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.message import shortened

MAX_SUBJECT = 99
"""SNS takes subjects of fewer than 100 characters, all ASCII and without a line break.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

_PRODUCT = "Lifeboat"
_PLAIN = {chr(code) for code in range(ord(" "), ord("~") + 1)}
_MAX_STACK = 24
_MAX_PLACE = 32


def subject_of(installation: Installation, text: str, more: int = 0) -> str:
    """Product and stack, then the text, then account and region if there is room for them.

    Args:
        installation: the stack that sends the message.
        text: what a person has to do, and what is wrong.
        more: how many more findings the message is about.
    """
    named = _PRODUCT.casefold() in installation.stack.casefold()
    stack = installation.stack if named else f"{_PRODUCT} {installation.stack}"
    start = f"[{shortened(_plain(stack), _MAX_STACK)}] {_plain(text)}"
    rest = f" (and {more} more)" if more else ""
    place = f" ({shortened(_plain(installation.place), _MAX_PLACE)})"
    if len(start) + len(rest) + len(place) <= MAX_SUBJECT:
        return start + rest + place
    return shortened(start, MAX_SUBJECT - len(rest)) + rest


def _plain(text: str) -> str:
    """One line of ASCII."""
    return "".join(each if each in _PLAIN else "?" for each in " ".join(text.split()))
