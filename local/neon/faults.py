"""What can go wrong between a client and Neon, on request."""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How a request ends."""

    REFUSED = "refused"
    """With an answer of `status`, in place of the one that it would have got."""
    SPOILED = "spoiled"
    """It is carried out, and answered with `body`."""
    LOST = "lost"
    """It is carried out, and the connection is reset in the place of the answer."""
    CUT = "cut"
    """The connection is reset, and nothing is carried out."""
    HANGS = "hangs"
    """There is no answer until the fake stops, and nothing is carried out."""
    DRIPS = "drips"
    """It is carried out, and `body` is sent again and again, slowly: the answer never ends."""


@dataclass
class Fault:
    """A fault, which meets the next requests that fit.

    Attributes:
        kind: how the request ends.
        status: of the answer, if it is refused.
        headers: of the answer, such as Retry-After.
        body: of the answer; default is the error that Neon's contract describes.
        code: in that error.
        message: in that error; `{key}` becomes the key that the request came with.
        method: of the requests that it meets; default is all.
        path: a pattern of their paths.
        times: how many it meets; it is counted down.
    """

    kind: Kind = Kind.REFUSED
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    code: str = ""
    message: str = "a fault on request"
    method: str | None = None
    path: str = ""
    times: int = 1

    def meets(self, method: str, path: str) -> bool:
        """Whether it meets this request; if so, it is used up by one."""
        fits = self.times > 0 and self.method in {None, method} and re.search(self.path, path)
        if fits:
            self.times -= 1
        return bool(fits)
