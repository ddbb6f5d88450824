"""Whether a database changes from backup to backup as a living one does."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from lifeboat.policy.case import RECENT, Case
from lifeboat.policy.findings import Code, Finding, Level
from lifeboat.policy.identifiers import qualified
from lifeboat.policy.inventory import Table
from lifeboat.policy.manifest import Manifest
from lifeboat.policy.words import at, listed, several, size, span

MEDIAN_OF = 7
"""How many backups before the newest say what is usual."""

FEWEST = 3
"""Of fewer backups there is no telling what is usual."""

_NUMBERS = re.compile(r"\d+")
_PERCENT = 100
_ASKED = 5  # tables in the command; a person sees how to add the others


def change_findings(case: Case) -> Iterator[Finding]:
    """What is odd about how the newest backups differ from those before."""
    yield from _shrunk(case)
    for newer, older in case.pairs():
        if case.now - newer.source.snapshot_time <= RECENT:
            yield from _tables_lost(case, older, newer)
    yield from _unchanged(case)


def _shrunk(case: Case) -> Iterator[Finding]:
    if not case.whole:
        return
    newest = case.whole[0]
    before = [each for each in case.whole[1:] if _comparable(each, newest)][:MEDIAN_OF]
    if len(before) < FEWEST:
        return
    usual = median(each.inventory.rows for each in before)
    if _fell(newest.inventory.rows, usual, case.settings.monitor.shrink_percent):
        was, now = f"{usual:,.0f} rows", f"{newest.inventory.rows:,} rows"
        yield _shrink(case, Code.ROWS_SHRANK, was, now, len(before))
    usual = median(each.archive.bytes for each in before)
    if _fell(newest.archive.bytes, usual, case.settings.monitor.shrink_percent):
        was, now = size(usual), size(newest.archive.bytes)
        yield _shrink(case, Code.BYTES_SHRANK, was, now, len(before))


def _comparable(one: Manifest, other: Manifest) -> bool:
    """Whether the two were taken by the same settings, so that their sizes can be compared."""
    return one.archive.compression == other.archive.compression and _excluded(one) == _excluded(
        other
    )


def _excluded(manifest: Manifest) -> set[tuple[str, str]]:
    return {_name(table) for table in manifest.inventory.tables if table.data_excluded}


def _fell(now: float, before: float, percent: int) -> bool:
    return (before - now) * _PERCENT > percent * before


def _shrink(case: Case, code: Code, was: str, now: str, count: int) -> Finding:
    newest = case.whole[0]
    return Finding(
        code=code,
        level=Level.WARNING,
        database=case.name,
        headline=f"shrank from {was} to {now}",
        fact=f"{newest.location.id} holds {now}; the median of the {count} backups before it is"
        f" {was}.",
        limit=f"{case.settings.monitor.shrink_percent} % less (monitor.shrink_percent)",
        since=newest.source.snapshot_time,
        passing=True,
        safe=f"The backup is whole: it shows what {case.name} held. Earlier backups still hold what"
        " was there before.",
        advice=(
            "If nobody deleted that much on purpose, look into the database before all else.",
            "Compare the tables of the two manifests: "
            + case.commands.show(newest.location.manifest_key),
        ),
    )


@dataclass(frozen=True)
class _Loss:
    """A table that lost rows, with what is known of where they went."""

    name: str
    before: int
    after: int | None
    perhaps: str = ""

    def __str__(self) -> str:
        after = "gone" if self.after is None else f"{self.after:,}"
        return f"{self.name} ({self.before:,} rows, now {after}{self.perhaps})"


def _tables_lost(case: Case, older: Manifest, newer: Manifest) -> Iterator[Finding]:
    losses = list(_losses(case, older, newer))
    if not losses:
        return
    limits = case.settings.monitor
    restore = f"{older.location.id} holds the rows as they were"
    first = losses[0]
    asked = {
        "action": "restore-tables",
        "database": case.name,
        "backup": older.location.id,
        "tables": [loss.name for loss in losses[:_ASKED]],
    }
    yield Finding(
        code=Code.TABLES_LOST,
        level=Level.WARNING if all(loss.perhaps for loss in losses) else Level.CRITICAL,
        database=case.name,
        subject=newer.location.id,
        headline=f"lost rows of {first.name}"
        + (f" and {several(len(losses) - 1, 'more table')}" if len(losses) > 1 else ""),
        fact=f"Between {older.location.id} and {newer.location.id}"
        f" ({at(older.source.snapshot_time)} to {at(newer.source.snapshot_time)}):"
        f" {listed(map(str, losses))}.",
        limit=f"{limits.table_loss_percent} % of a table with {limits.table_loss_rows} rows or more"
        " (monitor.table_loss_percent, table_loss_rows)",
        since=newer.source.snapshot_time,
        safe=f"{restore}" + _kept_until(older),
        advice=(
            "Ask whether it was meant: a migration, a clean-up, an old partition dropped.",
            (
                f"If not, stop what writes to {case.name}, and ask how to get the rows back; the"
                f" answer is a plan that touches nothing: {case.commands.restore(asked)}"
            ),
        ),
        passing=True,
    )


def _kept_until(manifest: Manifest) -> str:
    expires = manifest.retention.expires
    return f", and is kept until {at(expires)}." if expires else ", and is kept."


def _losses(case: Case, older: Manifest, newer: Manifest) -> Iterator[_Loss]:
    now = {_name(table): table for table in newer.inventory.tables}
    before = {_name(table) for table in older.inventory.tables}
    fresh = [table for name, table in now.items() if name not in before]
    limits = case.settings.monitor
    for table in sorted(older.inventory.tables, key=_name):
        after = now.get(_name(table))
        if table.data_excluded or table.rows < limits.table_loss_rows:
            continue
        if after is None:
            yield _Loss(_spelled(table), table.rows, None, _perhaps(table, fresh, now))
        elif not after.data_excluded and _fell(after.rows, table.rows, limits.table_loss_percent):
            yield _Loss(_spelled(table), table.rows, after.rows)


def _perhaps(table: Table, fresh: Iterable[Table], now: Iterable[tuple[str, str]]) -> str:
    """A harmless reason for a table to be gone, if there may be one."""
    for other in sorted(fresh, key=_name):
        if other.rows == table.rows:
            return f", perhaps renamed to {_spelled(other)}"
    siblings = [_NUMBERS.sub("#", name) for schema, name in now if schema == table.schema]
    if _NUMBERS.sub("#", table.name) in siblings:
        return ", perhaps an old partition"
    return ""


def _name(table: Table) -> tuple[str, str]:
    return table.schema, table.name


def _spelled(table: Table) -> str:
    return qualified(table.schema, table.name)


def _unchanged(case: Case) -> Iterator[Finding]:
    same = list(_same_as_newest(case))
    if not same or not _would_show(case.whole[0]):
        return
    newest, oldest = case.whole[0], same[-1]
    stood = newest.source.snapshot_time - oldest.source.snapshot_time
    if stood < timedelta(days=case.settings.monitor.unchanged_days):
        return
    lsn = f", at the same place in the write-ahead log ({newest.source.lsn})"
    yield Finding(
        code=Code.UNCHANGED,
        level=Level.WARNING,
        database=case.name,
        headline=f"has not changed for {span(stood)}",
        fact=f"{several(len(same) + 1, 'backup')} from {oldest.location.id} to {newest.location.id}"
        f" hold the same tables with the same numbers of rows{lsn if newest.source.lsn else ''}.",
        limit=f"{case.settings.monitor.unchanged_days} days (monitor.unchanged_days)",
        since=oldest.source.snapshot_time,
        basis=newest.source.snapshot_time,
        safe="The backups are whole; they may be of the wrong database.",
        advice=(
            (
                f"Check that the secret of {case.name} leads to the database in use, not to a"
                " replica that stopped or a branch that was left behind."
            ),
            "If it simply rests, raise monitor.unchanged_days in cdk.json, then make deploy.",
        ),
    )


def changed_lately(case: Case) -> bool:
    """Whether the backups show that the database does change.

    That they show no standstill is not enough: perhaps nobody could see one.
    """
    same = len(list(_same_as_newest(case)))
    return bool(case.whole) and _would_show(case.whole[0]) and same + 1 < len(case.whole)


def _same_as_newest(case: Case) -> Iterator[Manifest]:
    """The backups before the newest, as long as nothing was different."""
    for each in case.whole[1:]:
        if _content(each) != _content(case.whole[0]):
            return
        yield each


def _would_show(manifest: Manifest) -> bool:
    """Whether a change would be seen: counts of rows stay the same when rows are updated."""
    tables = [table for table in manifest.inventory.tables if not table.data_excluded]
    return manifest.source.lsn is not None or all(table.checksum for table in tables)


def _content(manifest: Manifest) -> tuple[object, ...]:
    inventory = manifest.inventory
    tables = sorted((*_name(table), table.rows, table.checksum or "") for table in inventory.tables)
    sequences = sorted((each.schema, each.name, each.last_value) for each in inventory.sequences)
    return tuple(tables), tuple(sequences), manifest.source.lsn
