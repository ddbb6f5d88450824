"""When a request to Neon's API may be repeated, and how long to wait before that.

The contract says (`GeneralError` in Neon's OpenAPI file, `@neondatabase/api-client` 2.7.3): 503 and
423 are always safe to retry, and so is reading after a network error or a timeout. After those, a
request that changes something may have been carried out. A request that got 429 was not:
https://neon.com/docs/reference/api/key-concepts#rate-limiting
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

LOCKED = 423
TOO_MANY = 429
UNAVAILABLE = 503

_REPEATABLE = frozenset({LOCKED, TOO_MANY, UNAVAILABLE})
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What a decision about a retry depends on.

    Attributes:
        status: of the answer; None if there was none.
        reading: whether the request changes nothing.
        attempts: how many there have been, this one included.
        retry_after: seconds that the answer asks to wait at least; None if it names no time.
        limited: whether a limit of the plan is the cause: waiting doesn't change that.
    """

    status: int | None
    reading: bool
    attempts: int
    retry_after: float | None = None
    limited: bool = False


def pause_before_retry(failure: Failure, *, first_pause: float, left: float) -> float | None:
    """Seconds to wait before the request is repeated; None if it must not be, or time is up.

    Args:
        failure: of the last attempt.
        first_pause: before the first retry, in seconds; each later pause is twice as long.
        left: seconds until the deadline. What the API asks to wait is never shortened.
    """
    repeatable = failure.reading if failure.status is None else failure.status in _REPEATABLE
    if not repeatable or failure.limited:
        return None
    pause = failure.retry_after
    if pause is None:
        pause = min(first_pause * 2.0 ** min(failure.attempts - 1, 10), _LONGEST_PAUSE)
    return pause if pause < left else None


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """The header Retry-After in seconds; None if it is absent or means nothing.

    It is a number of seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError, OverflowError):  # no date; or one without a zone
        return None
