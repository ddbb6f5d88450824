"""Estimates the bill from the facts: durations from manifests and reports, storage from objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from lifeboat.model.text import line
from lifeboat.monitor.policy.bill import Bill, BilledInstallation, DatabaseUsage, Line, monthly_bill
from lifeboat.monitor.policy.cost import monthly_cost
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.policy.run_cost import next_engine
from lifeboat.monitor.policy.transfer import transfer_of
from lifeboat.settings import WatchedDatabase, WatchedSettings

_CENT = 0.005

NEON_EXCLUDED = (
    "Of Neon's own bill, only transfer beyond the plan's allowance is included. What it charges for"
    " compute, storage, history ($0.20 a GB) and snapshots ($0.09 a GB) is not known here."
)
"""Prices a month: https://neon.com/docs/introduction/plans of 2026-03-20."""


def estimate_bill(
    views: Mapping[WatchedDatabase, DatabaseView | None],
    facts: Facts,
    settings: WatchedSettings,
    now: datetime,
    *,
    secrets: int | None,
) -> Bill:
    """What everything costs per month.

    Args:
        views: of each database; None if it could not be checked.
        facts: about all of them.
        settings: of the monitor.
        now: the time of the check.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
    """
    seen = [view for view in views.values() if view]
    objects = [stored for view in seen for stored in view.objects]
    bill = monthly_bill(
        BilledInstallation(
            settings=settings,
            usages=[_use(database, view) for database, view in views.items()],
            secrets=len(views) if secrets is None else secrets,
        ),
        region=facts.region,
        now=now,
        stored=monthly_cost(objects, settings.retention, facts.region, now),
        others=[*_transfers(seen)],
    )
    in_neon = any(each.neon for each in views)
    return replace(bill, notes=(*bill.notes, NEON_EXCLUDED)) if in_neon else bill


def bill_text(bill: Bill) -> str:
    """The total, a line for each thing that costs a cent or more, and the notes."""
    cells = lines_of(bill)
    width = max(len(name) for name, _ in [("COST A MONTH", 0), *cells])
    lines = [f"{name.ljust(width)}  ${dollars:,.2f}" for name, dollars in cells]
    total = f"{'COST A MONTH'.ljust(width)}  ${bill.total:,.2f}"
    return "\n".join([total, *lines, *map(line, bill.notes)])


def lines_of(bill: Bill) -> list[tuple[str, float]]:
    """What costs a cent or more, and its dollars."""
    return [(line(each.name), each.dollars) for each in bill.lines if each.dollars >= _CENT]


def _transfers(views: Iterable[DatabaseView]) -> Iterator[Line]:
    """What providers charge for transfer, if they do."""
    for view in views:
        read = transfer_of(view)
        if read and read.dollars:
            yield Line(name=f"The provider's transfer, {view.name}", dollars=read.dollars)


def _use(database: WatchedDatabase, view: DatabaseView | None) -> DatabaseUsage:
    backup = view.complete[0].engine if view and view.complete else None
    drill = view.reports[0].engine if view and view.reports else None
    backup_engine = next_engine(database.engine, backup)
    drill_engine = next_engine(database.engine, drill)
    if view is None:
        return DatabaseUsage(
            database=database, backup_engine=backup_engine, drill_engine=drill_engine
        )
    return DatabaseUsage(
        database=database,
        backup_engine=backup_engine,
        drill_engine=drill_engine,
        backup_seconds=[each.seconds for each in view.complete],
        drill_seconds=[each.total_seconds for each in view.reports],
        documents=len(view.facts.manifests) + len(view.facts.drills),
        versions=len(view.objects),
    )
