"""What happened to a database on each of the last days, by what the bucket lists."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lifeboat.model.drill_report import Verdict
from lifeboat.model.keys import parse_drill_key
from lifeboat.model.schedule import runs
from lifeboat.model.tiers import tier_of
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.database_view import RUN_GRACE, DatabaseView

DAYS = 30
"""Days that are shown, today included."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day, in UTC.

    Attributes:
        date: the day.
        backups: of that day in the bucket; none of them is known to be incomplete.
        missed: scheduled runs of that day whose backup is not in the bucket, or is incomplete. A
            backup that has expired since is not missed.
        drills: of that day; None for a verdict that is not known, as its report was not read.
    """

    date: date
    backups: int = 0
    missed: int = 0
    drills: tuple[Verdict | None, ...] = ()


def days_of(view: DatabaseView) -> tuple[Day, ...]:
    """The last `DAYS` days of a database, the oldest first."""
    today = view.now.astimezone(UTC).date()
    dates = [today - number * _DAY for number in reversed(range(DAYS))]
    first = datetime.combine(dates[0], datetime.min.time(), UTC)
    good = {each.scheduled_at for each in view.past} - _incomplete(view)
    taken = Counter(each.date() for each in good)
    missed = Counter(each.date() for each in _due(view, first) if each not in good)
    drills = list(_drills(view))
    return tuple(
        Day(
            date=day,
            backups=taken[day],
            missed=missed[day],
            drills=tuple(verdict for started, verdict in drills if started.date() == day),
        )
        for day in dates
    )


def _incomplete(view: DatabaseView) -> set[datetime]:
    """The scheduled times of backups that were read and cannot be relied on."""
    complete = {each.location for each in view.complete}
    read = {each.location for each in view.manifests}
    damaged = {each.key for each in view.unreadable}
    return {
        each.scheduled_at
        for each in view.past
        if each in read - complete or each.manifest_key in damaged
    }


def _due(view: DatabaseView, first: datetime) -> Iterator[datetime]:
    """The runs of these days that should have left a backup which is still in the bucket."""
    database, known = view.database, view.facts.known
    since = max(first, known.since if known else view.now)
    zone = ZoneInfo(database.timezone)
    for due in _runs(database.cron, database.timezone, first, view.now - RUN_GRACE):
        days = view.settings.retention.of(tier_of(due, zone)).days
        if due >= since and (days is None or view.now < due + timedelta(days=days)):
            yield due


@lru_cache(maxsize=64)  # most databases have the same schedule
def _runs(cron: str, timezone: str, first: datetime, until: datetime) -> Sequence[datetime]:
    return runs(cron, timezone, first - _SECOND, until)


def _drills(view: DatabaseView) -> Iterator[tuple[datetime, Verdict | None]]:
    """When each drill started whose report is in the bucket, and its verdict if it was read."""
    verdicts = {each.key: each.verdict for each in view.reports}
    for each in view.objects:
        parsed = parse_drill_key(each.key) if each.is_current else None
        if parsed and not is_ahead(parsed[1], min(each.modified, view.now)):
            yield parsed[1], verdicts.get(each.key)
