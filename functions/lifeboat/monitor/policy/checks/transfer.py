"""Whether backups will use up what a provider lets out of its servers, told before they do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.text import format_size, format_time, join_first
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.transfer import Transfer, transfer_of
from lifeboat.settings.allowance import consequence, exhausted_at, fixes, start_of_next_month


@dataclass(frozen=True)
class _Reader:
    """A database and what its backups read."""

    case: Case
    transfer: Transfer


@dataclass(frozen=True, kw_only=True)
class _Outlook:
    """What all databases of one server read.

    Attributes:
        used: this month so far.
        this_month: the runs that are still due in it, each with what it will read.
        next_month: likewise.
    """

    used: int
    this_month: Sequence[tuple[datetime, int]]
    next_month: Sequence[tuple[datetime, int]]

    @property
    def expected(self) -> int:
        """At the end of this month."""
        return self.used + sum(read for _, read in self.this_month)

    @property
    def expected_next(self) -> int:
        """At the end of the next one."""
        return sum(read for _, read in self.next_month)


def transfer_findings(cases: Iterable[Case]) -> Iterator[Finding]:
    """Which databases' allowances are used up this month, or would be in the next.

    Databases on one server share what it allows. That two servers belong to one project can't be
    seen from here.
    """
    servers: defaultdict[str, list[_Reader]] = defaultdict(list)
    for case in cases:
        if transfer := transfer_of(case):
            server = case.whole[0].endpoint or f"of {case.name} alone"
            servers[server].append(_Reader(case, transfer))
    for readers in servers.values():
        outlook = _outlook(readers)
        for each in readers:
            yield from _judged(each, readers, outlook)


def _outlook(readers: Sequence[_Reader]) -> _Outlook:
    now = readers[0].case.now
    turn = start_of_next_month(now)
    end = start_of_next_month(turn)
    coming = sorted(
        (run, each.transfer.run_bytes) for each in readers for run in each.transfer.coming
    )
    return _Outlook(
        used=sum(each.transfer.used_bytes for each in readers),
        this_month=[run for run in coming if run[0] < turn],
        next_month=[run for run in coming if turn <= run[0] < end],
    )


def _judged(reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook) -> Iterator[Finding]:
    case, allowance = reader.case, reader.transfer.allowance
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
        if soon and allowance.stated and allowance.terms.suspends
        else Level.WARNING,
        database=case.name,
        headline=headline,
        fact=f"{_figures(reader, readers, outlook)}{_date(moment)} {consequence(allowance, month)}"
        " The application's own traffic counts too; Lifeboat can't see it.",
        limit=allowance.words,
        since=case.whole[0].shows,
        basis=case.whole[0].shows,
        safe="Backups are complete. The provider may charge more, or stop the database.",
        advice=fixes(allowance),
    )


def _figures(reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook) -> str:
    transfer, names = reader.transfer, join_first(sorted(each.case.name for each in readers))
    how = " (estimated from its size)" if transfer.estimated else ""
    whose = f"Backups of {names}, which share a server," if len(readers) > 1 else "Backups"
    return (
        f"A backup of {reader.case.name} reads {format_size(transfer.run_bytes)}{how}. {whose}"
        f" have read {format_size(outlook.used)} this month; {format_size(outlook.expected)} are"
        f" expected at its end, and {format_size(outlook.expected_next)} in the next one."
    )


def _date(moment: datetime | None) -> str:
    return f" The run of {format_time(moment)} will use up the allowance." if moment else ""
