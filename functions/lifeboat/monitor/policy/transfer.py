"""What is read from a database's server per month: by its backups, and by drills that are there."""

from dataclasses import dataclass
from datetime import datetime

from lifeboat.model.aws import MONTH
from lifeboat.model.drill_target import NEON_BRANCH
from lifeboat.model.schedule import runs
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import plan_of
from lifeboat.settings.allowance import (
    Allowance,
    allowance_of,
    start_of_month,
    start_of_next_month,
    transfer_cost,
)

SHARE = 0.75
"""The estimated bytes read per byte of pg_database_size, if they were not counted. Measured: 0.68
to 0.77 with ordinary rows (indexes and dead rows are not read), 0.2 with small numbers, more with
large values.
"""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What the backups of one database read, and its drills if they restore into a branch.

    A drill reads what it has restored, to compare it: as much as a backup.

    Attributes:
        run_bytes: of the newest backup.
        estimated: whether that is estimated from the database's size.
        month_bytes: by the schedules, in the next 30 days.
        used_bytes: by the runs of this calendar month in UTC.
        coming: the times of the runs until the end of next month.
        allowance: what the provider allows; None if unknown.
    """

    run_bytes: int
    estimated: bool
    month_bytes: int
    used_bytes: int
    coming: tuple[datetime, ...]
    allowance: Allowance | None

    @property
    def dollars(self) -> float:
        """US dollars for the next 30 days."""
        return transfer_cost(self.month_bytes, self.allowance)


def transfer_of(view: DatabaseView) -> Transfer | None:
    """What the backups of a database read; None if it has no complete one."""
    if not view.complete:
        return None
    newest, now = view.complete[0], view.now
    each, database = read_by(newest), view.database
    provider = "neon" if database.neon else newest.provider
    next_month = start_of_next_month(now)
    until = max(start_of_next_month(next_month), now + MONTH)
    coming = reading_runs(view, now, until)
    known = {facts.location: read_by(facts) for facts in view.manifests}
    return Transfer(
        run_bytes=each,
        estimated=newest.bytes_read is None,
        month_bytes=each * sum(run <= now + MONTH for run in coming),
        used_bytes=sum(
            known.get(location, each)
            for location in view.past
            if location.scheduled_at >= start_of_month(now)
        )
        + each * _drills_since(view, start_of_month(now)),
        coming=tuple(coming),
        allowance=allowance_of(database, provider, plan_of(view)),
    )


def reading_runs(view: DatabaseView, since: datetime, until: datetime) -> list[datetime]:
    """The times of the runs that read from the database's provider, the earliest first.

    Args:
        view: the database.
        since: runs after that.
        until: runs until then.
    """
    database, drill = view.database, view.settings.drill
    found = runs(database.cron, database.timezone, since, until)
    if drills_read(view):
        found += runs(drill.cron, database.timezone, since, until)
    return sorted(found)


def drills_read(view: DatabaseView) -> bool:
    """Whether drills read from the database's provider, as they restore into a branch there."""
    return view.settings.drill.enabled and view.database.drill_target == NEON_BRANCH


def _drills_since(view: DatabaseView, since: datetime) -> int:
    """The drills that restored into a branch."""
    return sum(each.target == NEON_BRANCH and each.started >= since for each in view.reports)


def read_by(backup: BackupFacts) -> int:
    """Bytes that a backup read from the server; estimated if they were not counted."""
    if backup.bytes_read is not None:
        return backup.bytes_read
    return round(backup.database_bytes * SHARE)
