"""The last night: what is judged by today's clock is dated by it, so tests pass on any day."""

from datetime import UTC, datetime, timedelta


def last_slot(now: datetime) -> datetime:
    """When the default schedule, 02:00 UTC, fired last."""
    today = now.replace(hour=2, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


LAST_SLOT = last_slot(datetime.now(UTC))
