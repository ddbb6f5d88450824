"""The bill of what was seen: times from manifests and reports, storage from the objects."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from lifeboat.model.text import line
from lifeboat.monitor.policy.bill import Bill, Charged, Line, Use, monthly_bill
from lifeboat.monitor.policy.cost import monthly_cost
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.policy.transfer import transfer_of
from lifeboat.settings import WatchedDatabase, WatchedSettings

_CENT = 0.005


def reckon(
    cases: Mapping[WatchedDatabase, Case | None],
    facts: Facts,
    settings: WatchedSettings,
    now: datetime,
    *,
    secrets: int | None,
) -> Bill:
    """What everything costs a month.

    Args:
        cases: of each database; None where it could not be looked at.
        facts: the same, of all.
        settings: what should be.
        now: when it was seen.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
    """
    seen = [case for case in cases.values() if case]
    objects = [stored for case in seen for stored in case.objects]
    return monthly_bill(
        Charged(
            settings=settings,
            uses=[_use(database, case) for database, case in cases.items()],
            secrets=len(cases) if secrets is None else secrets,
        ),
        region=facts.region,
        now=now,
        stored=monthly_cost(objects, settings.retention, facts.region, now),
        others=[*_transfers(seen)],
    )


def bill_text(bill: Bill) -> str:
    """A line for each thing that costs a cent or more, what they come to, and the notes."""
    cells = [(line(each.name), each.dollars) for each in bill.lines if each.dollars >= _CENT]
    width = max(len(name) for name, _ in [("COST A MONTH", 0), *cells])
    lines = [f"{name.ljust(width)}  ${dollars:,.2f}" for name, dollars in cells]
    total = f"{'COST A MONTH'.ljust(width)}  ${bill.total:,.2f}"
    return "\n".join([total, *lines, *map(line, bill.notes)])


def _transfers(cases: Iterable[Case]) -> Iterator[Line]:
    """What providers charge for reading, where they do."""
    for case in cases:
        read = transfer_of(case)
        if read and read.dollars:
            yield Line(name=f"The provider's transfer, {case.name}", dollars=read.dollars)


def _use(database: WatchedDatabase, case: Case | None) -> Use:
    if case is None:
        return Use(database=database)
    return Use(
        database=database,
        backup_seconds=[each.seconds for each in case.whole],
        drill_seconds=[each.total_seconds for each in case.reports],
        documents=len(case.facts.manifests) + len(case.facts.drills),
        versions=len(case.objects),
    )
