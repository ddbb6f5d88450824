"""Checks whether backups will use up a provider's transfer allowance."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_size, format_time, join_first
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import is_counted
from lifeboat.monitor.policy.transfer import Transfer, transfer_of
from lifeboat.settings.allowance import consequence, exhausted_at, fixes, start_of_next_month


@dataclass(frozen=True)
class _Reader:
    """A database, and what its backups read."""

    view: DatabaseView
    transfer: Transfer


@dataclass(frozen=True, kw_only=True)
class _Outlook:
    """The reads of all databases on one server.

    Attributes:
        used: bytes read this month so far.
        this_month: its remaining runs, each with the bytes that it will read.
        next_month: the same for the next month.
    """

    used: int
    this_month: Sequence[tuple[datetime, int]]
    next_month: Sequence[tuple[datetime, int]]

    @property
    def expected(self) -> int:
        """Bytes at the end of this month."""
        return self.used + sum(read for _, read in self.this_month)

    @property
    def expected_next(self) -> int:
        """Bytes at the end of the next month."""
        return sum(read for _, read in self.next_month)


def transfer_findings(views: Iterable[DatabaseView]) -> Iterator[Finding]:
    """Databases whose allowance is used up this month, or would be in the next.

    Databases on one server share an allowance. Lifeboat cannot see whether two servers belong to
    one project. Where Neon itself has counted, `neon_transfer_findings` judges its figure instead.
    """
    servers: defaultdict[str, list[_Reader]] = defaultdict(list)
    for view in views:
        if transfer := transfer_of(view):
            server = view.complete[0].endpoint or f"of {view.name} alone"
            servers[server].append(_Reader(view, transfer))
    for readers in servers.values():
        outlook = _outlook(readers)
        for each in readers:
            if not is_counted(each.view):
                yield from _findings(each, readers, outlook)


def _outlook(readers: Sequence[_Reader]) -> _Outlook:
    now = readers[0].view.now
    next_month = start_of_next_month(now)
    end = start_of_next_month(next_month)
    coming = sorted(
        (run, each.transfer.run_bytes) for each in readers for run in each.transfer.coming
    )
    return _Outlook(
        used=sum(each.transfer.used_bytes for each in readers),
        this_month=[run for run in coming if run[0] < next_month],
        next_month=[run for run in coming if next_month <= run[0] < end],
    )


def _findings(reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook) -> Iterator[Finding]:
    view, allowance = reader.view, reader.transfer.allowance
    if allowance is None or allowance.bytes is None:
        return
    soon, when = exhausted_at(outlook.used, outlook.this_month, allowance.bytes)
    later, then = exhausted_at(0, outlook.next_month, allowance.bytes)
    if not soon and not later:
        return
    headline, moment = (
        ("has used up its transfer allowance", None)
        if soon and when is None
        else ("will use up its transfer allowance", when or then)
    )
    month = max(outlook.expected, outlook.expected_next)
    yield Finding(
        code=Code.TRANSFER_ALLOWANCE,
        level=Level.CRITICAL
        if soon and allowance.is_known and allowance.terms.suspends
        else Level.WARNING,
        database=view.name,
        headline=headline,
        fact=f"{_figures(reader, readers, outlook)}{_date(moment)} {consequence(allowance, month)}"
        " The application's own traffic counts too; Lifeboat can't see it.",
        limit=allowance.words,
        since=view.complete[0].data_as_of,
        basis=view.complete[0].data_as_of,
        safe="Backups are complete. The provider may charge more, or stop the database.",
        advice=plain_steps(*fixes(allowance)),
    )


def _figures(reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook) -> str:
    transfer, names = reader.transfer, join_first(sorted(each.view.name for each in readers))
    how = " (estimated from its size)" if transfer.estimated else ""
    whose = f"Backups of {names}, which share a server," if len(readers) > 1 else "Backups"
    return (
        f"A backup of {reader.view.name} reads {format_size(transfer.run_bytes)}{how}. {whose}"
        f" have read {format_size(outlook.used)} this month; {format_size(outlook.expected)} are"
        f" expected at its end, and {format_size(outlook.expected_next)} in the next one."
    )


def _date(moment: datetime | None) -> str:
    return f" The run of {format_time(moment)} will use up the allowance." if moment else ""
