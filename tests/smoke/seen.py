"""What a check came to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """What a check came to.

    Attributes:
        good: whether it is as expected.
        text: what was seen.
    """

    good: bool
    text: str
