"""What is kept of a server's words: little of them, and no values of rows."""

_MAX_CHARACTERS = 16_384
"""A function's signature of a hundred arguments fits."""

_ENCODING = "22021"
"""A character that isn't one; what is quoted is the name of the encoding."""

_QUOTES_A_VALUE = (
    *("invalid input syntax for ", "invalid input value for ", "invalid value ", "malformed "),
    *('value "', "date/time field value ", "interval field value "),
)
"""How messages begin that have the value itself between quotes, in English as all servers of ours
speak it: https://www.postgresql.org/docs/18/errcodes-appendix.html, class 22."""


def cut(text: str) -> str:
    """The beginning of a text that others wrote: whoever wrote it may have written megabytes."""
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."


def without_values(message: str, *, sqlstate: str | None = None) -> str:
    """An error's first line with what a row holds left out: `... for type integer: "..."`.

    Args:
        message: the line.
        sqlstate: where it is known: all of class 22 speak of a value, in whichever language.
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
