"""Times in people's own time zone, beside UTC."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
"""As `lifeboat.model.text.format_time` writes it."""


def with_local_times(text: str, timezone: str) -> str:
    """The text with each time in UTC also in that zone: 2026-11-22 02:00 UTC (03:00 Berlin).

    Args:
        text: for people.
        timezone: an IANA name; with UTC the text stays as it is.
    """
    if timezone == "UTC":
        return text
    zone = ZoneInfo(timezone)
    place = timezone.rpartition("/")[2].replace("_", " ")

    def both(found: re.Match[str]) -> str:
        try:
            moment = datetime.strptime(found[0], "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
            local = moment.astimezone(zone)
        except (ValueError, OverflowError):  # a text of a database may look like a time
            return found[0]
        day = "" if local.date() == moment.date() else f"{local:%Y-%m-%d} "
        return f"{found[0]} ({day}{local:%H:%M} {place})"

    return _TIME.sub(both, text)
