"""Messages of a server: they are truncated, and values of rows are removed."""

_MAX_CHARACTERS = 16_384
"""Enough for the signature of a function with a hundred arguments."""

_ENCODING = "22021"
"""An invalid character; the message quotes the name of the encoding, which is no value."""

_QUOTES_A_VALUE = (
    *("invalid input syntax for ", "invalid input value for ", "invalid value ", "malformed "),
    *('value "', "date/time field value ", "interval field value "),
)
"""The beginnings of messages that quote a value. Lifeboat's sessions get messages in English.

https://www.postgresql.org/docs/18/errcodes-appendix.html, class 22.
"""


def truncate(text: str) -> str:
    """The beginning of a text from outside, which may have megabytes."""
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."


def without_values(message: str, *, sqlstate: str | None = None) -> str:
    """An error's first line without values of rows: `... for type integer: "..."`.

    Args:
        message: the line.
        sqlstate: if known; every message of class 22 is about a value, in any language.
    """
    first, last = message.find('"'), message.rfind('"')
    of_value = sqlstate is not None and sqlstate.startswith("22") and sqlstate != _ENCODING
    if first < last and (
        of_value
        or message.startswith(_QUOTES_A_VALUE)
        or (first == 0 and " out of range" in message)
    ):
        return f'{message[:first]}"..."{message[last + 1 :]}'
    return message
