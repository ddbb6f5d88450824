"""Times as Lifeboat stores them: with a zone, in UTC, to the second if they identify a run."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

MAX_CLOCK_SKEW = timedelta(hours=1)
"""Clocks may differ by this much; a time that is further ahead counts as in the future."""


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether a time is further in the future than clocks may differ."""
    return moment - now > MAX_CLOCK_SKEW


def in_utc(moment: datetime) -> datetime:
    """The same time, in UTC.

    Raises:
        ValueError: it has no time zone, or is outside the years of `datetime`.
    """
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{moment.isoformat()} is not a year of UTC") from None


def require_utc_second(moment: datetime) -> datetime:
    """The time itself, if it can identify a run: with a zone, in UTC, in whole seconds.

    Raises:
        ValueError: it is not such a time. Rounding here would give one backup two names.
    """
    if moment.utcoffset() != timedelta(0) or moment.microsecond:
        raise ValueError(f"{moment.isoformat()} is not a whole second in UTC")
    return moment


UtcTime = Annotated[AwareDatetime, AfterValidator(in_utc)]
UtcSecond = Annotated[UtcTime, AfterValidator(require_utc_second)]


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


WholeSecond = Annotated[UtcTime, AfterValidator(_whole_second)]
"""A time in an answer, without fractions of a second, so that an event accepts it."""
