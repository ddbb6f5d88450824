"""What the status says of the data that backups read from a server."""

from lifeboat.model.answers import Answer
from lifeboat.model.text import format_size
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.transfer import transfer_of


class TransferStatus(Answer):
    """What backups read from a database's server.

    Attributes:
        backup_bytes: of the newest backup.
        estimated: whether that is estimated from the database's size.
        bytes_per_month: in the next 30 days, by the schedule.
        bytes_this_month: in this calendar month (UTC) so far.
        allowance_bytes: what the provider includes a month; None where no limit is known.
        allowance: the same in words, and who says so; None where none is known.
        monthly_cost: US dollars for `bytes_per_month`.
    """

    backup_bytes: int
    estimated: bool
    bytes_per_month: int
    bytes_this_month: int
    allowance_bytes: float | None
    allowance: str | None
    monthly_cost: float

    @property
    def cell(self) -> str:
        """What backups read of what they may, in a few characters."""
        of = "" if self.allowance_bytes is None else f" of {format_size(self.allowance_bytes)}"
        return f"{format_size(self.bytes_per_month)}{of}"


def transfer_status(case: Case) -> TransferStatus | None:
    """The same of one database; None while it has no whole backup."""
    read = transfer_of(case)
    if read is None:
        return None
    return TransferStatus(
        backup_bytes=read.run_bytes,
        estimated=read.estimated,
        bytes_per_month=read.month_bytes,
        bytes_this_month=read.used_bytes,
        allowance_bytes=read.allowance.bytes if read.allowance else None,
        allowance=read.allowance.words if read.allowance else None,
        monthly_cost=round(read.dollars, 4),
    )
