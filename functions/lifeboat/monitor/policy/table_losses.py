"""Which tables lost rows from one backup to the next."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Table
from lifeboat.model.keys import BackupLocation
from lifeboat.settings import MonitorSettings

MAX_NAMED = 20
"""At most this many tables that lost rows are kept by name."""

_LACKING_PERCENT = 10
"""A table has its rows again if it lacks no more of them: since the restore, some may have gone. To
have lost half of them and to have half of them again are different things."""

_NUMBERS = re.compile(r"\d+")
_PERCENT = 100

type Counts = Mapping[TableName, int | None]
"""The rows of each table by schema and name; None if the settings exclude them."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A table that lost rows.

    Attributes:
        name: schema and name, as SQL has them.
        before: its rows in the older backup.
        after: those in the newer one; None if the table is gone.
        hint: a possible harmless reason; "" if there is none.
        again: its rows in the newest backup of all, if that is another one and has them again.
    """

    name: str
    before: int
    after: int | None
    hint: str = ""
    again: int | None = None

    @property
    def headline(self) -> str:
        """What happened to it: lost 6,000 of 6,000 rows in public.sessions."""
        gone = self.before - (self.after or 0)
        return f"lost {gone:,} of {self.before:,} rows in {self.name}"

    def __str__(self) -> str:
        """As a person reads it."""
        after = "gone" if self.after is None else f"{self.after:,}"
        again = "" if self.again is None else f", in the newest backup {self.again:,} again"
        return f"{self.name} ({self.before:,} rows, then {after}{self.hint}{again})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Losses:
    """The rows lost between two backups.

    Attributes:
        since: the older backup.
        count: how many tables lost rows.
        first: the first of them.
        harmless: whether each loss may have a harmless reason.
        restored: whether the newest backup of all has about as many rows again, in each table.
    """

    since: BackupLocation
    count: int
    first: tuple[Loss, ...]
    harmless: bool
    restored: bool = False


def counts(tables: Iterable[Table], names: dict[TableName, TableName]) -> Counts:
    """The rows of each table, in little memory.

    Args:
        tables: of one backup.
        names: of earlier backups, so that each name is in memory once.
    """
    found: dict[TableName, int | None] = {}
    for table in tables:
        name = table.schema, table.name
        found[names.setdefault(name, name)] = None if table.data_excluded else table.rows
    return found


def losses(
    since: BackupLocation, older: Counts, newer: Counts, limits: MonitorSettings, *, newest: Counts
) -> Losses:
    """The rows lost from the older backup to the newer.

    Args:
        since: the older backup.
        older: its tables.
        newer: those of the newer one.
        limits: from which on lost rows count.
        newest: the tables of the newest backup of all, which may be the newer one.
    """
    found = [_again(each, newest.get(name)) for name, each in _losses(older, newer, limits)]
    return Losses(
        since=since,
        count=len(found),
        first=tuple(found[:MAX_NAMED]),
        harmless=all(loss.hint for loss in found),
        restored=all(loss.again is not None for loss in found),
    )


def _again(loss: Loss, rows: int | None) -> Loss:
    """The same loss, with the table's rows in the newest backup, if it has them again."""
    if rows is None or fell(rows, loss.before, _LACKING_PERCENT):
        return loss
    return replace(loss, again=rows)


def fell(now: float, before: float, percent: int) -> bool:
    """Whether a figure fell by more than `percent`."""
    return (before - now) * _PERCENT > percent * before


def _losses(
    older: Counts, newer: Counts, limits: MonitorSettings
) -> Iterator[tuple[TableName, Loss]]:
    fresh = _by_rows(older, newer)
    patterns = {(schema, _NUMBERS.sub("#", name)) for schema, name in newer}
    for name in sorted(older):
        before = older[name]
        if before is None or before < limits.table_loss_rows:
            continue
        if name not in newer:
            yield name, Loss(qualified(*name), before, None, _hint(name, before, fresh, patterns))
            continue
        after = newer[name]
        if after is not None and fell(after, before, limits.table_loss_percent):
            yield name, Loss(qualified(*name), before, after)


def _by_rows(older: Counts, newer: Counts) -> dict[int, TableName]:
    """The new tables by their number of rows; the first one for each number."""
    fresh: dict[int, TableName] = {}
    for name in sorted(newer.keys() - older.keys()):
        fresh.setdefault(newer[name] or 0, name)
    return fresh


def _hint(
    name: TableName, rows: int, fresh: Mapping[int, TableName], patterns: set[TableName]
) -> str:
    """A possible harmless reason why a table is gone; "" if there is none."""
    if other := fresh.get(rows):
        return f", perhaps renamed to {qualified(*other)}"
    if (name[0], _NUMBERS.sub("#", name[1])) in patterns:
        return ", perhaps an old partition"
    return ""
