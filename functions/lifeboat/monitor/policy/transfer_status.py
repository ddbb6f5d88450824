"""What the status says of the data that backups read from a server."""

from dataclasses import dataclass

from lifeboat.model.text import size
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.transfer import transfer_of


@dataclass(frozen=True, kw_only=True)
class TransferStatus:
    """What backups read from a database's server.

    Attributes:
        backup_bytes: of the newest backup.
        estimated: whether that is reckoned from the database's size.
        month_bytes: in the next 30 days, by the schedule.
        used_bytes: in this calendar month so far.
        allowance_bytes: what the provider includes a month; None where no limit is known.
        allowance: the same in words, and who says so; None where none is known.
        monthly_cost: US dollars for `month_bytes`.
    """

    backup_bytes: int
    estimated: bool
    month_bytes: int
    used_bytes: int
    allowance_bytes: float | None
    allowance: str | None
    monthly_cost: float

    @property
    def cell(self) -> str:
        """What backups read of what they may, in a few characters."""
        of = "" if self.allowance_bytes is None else f" of {size(self.allowance_bytes)}"
        return f"{size(self.month_bytes)}{of}"


def transfer_status(case: Case) -> TransferStatus | None:
    """The same of one database; None while it has no whole backup."""
    read = transfer_of(case)
    if read is None:
        return None
    return TransferStatus(
        backup_bytes=read.run_bytes,
        estimated=read.estimated,
        month_bytes=read.month_bytes,
        used_bytes=read.used_bytes,
        allowance_bytes=read.allowance.bytes if read.allowance else None,
        allowance=read.allowance.words if read.allowance else None,
        monthly_cost=round(read.dollars, 4),
    )
