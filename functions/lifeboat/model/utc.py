"""Times as Lifeboat stores them: aware, in UTC; those that identify a run have whole seconds."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

AHEAD = timedelta(hours=1)
"""Clocks may differ by as much; what claims to be later than that comes from the future."""


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a moment lies further in the future than clocks may differ."""
    return moment - now > AHEAD


def in_utc(moment: datetime) -> datetime:
    """The same moment, expressed in UTC.

    Raises:
        ValueError: it has no time zone, or lies outside of what UTC can express.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is not a year of UTC") from None


def require_utc_second(moment: datetime) -> datetime:
    """The moment itself, when it can be an identity: aware, UTC, whole seconds.

    Raises:
        ValueError: it is not such a moment. Rounding here would let two names mean one backup.
    """
    if moment.utcoffset() != timedelta(0) or moment.microsecond:
        raise ValueError(f"{moment.isoformat()} is not a whole second in UTC")
    return moment


UtcTime = Annotated[AwareDatetime, AfterValidator(in_utc)]
UtcSecond = Annotated[UtcTime, AfterValidator(require_utc_second)]


def _to_the_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


ToTheSecond = Annotated[UtcTime, AfterValidator(_to_the_second)]
"""As answers tell a moment: its fractions of a second are cut, so that an event takes it back."""
