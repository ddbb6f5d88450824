"""The part of the status about transfer from a database's server."""

from datetime import datetime

from lifeboat.model.answers import Answer
from lifeboat.model.text import format_size
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import neon_facts
from lifeboat.monitor.policy.transfer import transfer_of


class TransferStatus(Answer):
    """What backups read from a database's server.

    Attributes:
        backup_bytes: of the newest backup.
        estimated: whether that is estimated from the database's size.
        bytes_per_month: in the next 30 days, by the schedule.
        bytes_this_month: in this calendar month (UTC) so far.
        counted_bytes: that the provider itself has counted in its billing period, with all traffic
            of the project; None if it was not asked.
        counted_until: the end of that period; None likewise.
        allowance_bytes: what the provider includes per month; None if no limit is known.
        allowance: the same in words, and where it is stated; None if no limit is known.
        monthly_cost: US dollars for `bytes_per_month`.
    """

    backup_bytes: int
    estimated: bool
    bytes_per_month: int
    bytes_this_month: int
    counted_bytes: int | None = None
    counted_until: datetime | None = None
    allowance_bytes: float | None
    allowance: str | None
    monthly_cost: float

    @property
    def cell(self) -> str:
        """Bytes per month, and the allowance, in a few characters."""
        of = "" if self.allowance_bytes is None else f" of {format_size(self.allowance_bytes)}"
        return f"{format_size(self.bytes_per_month)}{of}"


def transfer_status(view: DatabaseView) -> TransferStatus | None:
    """The transfer of one database; None if it has no complete backup."""
    read = transfer_of(view)
    if read is None:
        return None
    known = neon_facts(view)
    counted = known.facts if known and known.counts_at(view.now) else None
    return TransferStatus(
        backup_bytes=read.run_bytes,
        estimated=read.estimated,
        bytes_per_month=read.month_bytes,
        bytes_this_month=read.used_bytes,
        counted_bytes=counted.transfer_bytes if counted else None,
        counted_until=counted.period_end if counted else None,
        allowance_bytes=read.allowance.bytes if read.allowance else None,
        allowance=read.allowance.words if read.allowance else None,
        monthly_cost=round(read.dollars, 4),
    )
