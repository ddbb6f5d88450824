"""What differs between the databases of a branch at two moments."""

from collections.abc import Iterable, Iterator, Mapping

from lifeboat.model.inventory import Count, StoredRecord
from lifeboat.neon_restore.policy.contents import DatabaseContents, TableRows

MAX_LISTED, MAX_LISTED_IN_ALL = 100, 300
"""Differences of a kind in a database, and of all together: answers are logged, and a line of
CloudWatch Logs has 256 kB at most."""


class TableDifference(StoredRecord):
    """A table whose rows differ in number.

    Attributes:
        table: schema and name.
        rows_then: at the moment that is restored; null if the table was not there.
        rows_now: in the live branch; null if the table is not there.
    """

    table: str
    rows_then: Count | None
    rows_now: Count | None


class DatabaseDifference(StoredRecord):
    """What differs in one database.

    Attributes:
        database: its name on the server.
        tables: whose rows differ in number, those that lost or gained most first, and those that
            are on one side only.
        same_tables: how many tables have as many rows on both sides.
        not_counted: tables that were not counted on both sides, and why.
        definitions: that differ, in words such as `TABLE public.users: only then`.
        not_listed: how many more differences there are.
        problems: why something could not be compared.
    """

    database: str
    tables: tuple[TableDifference, ...] = ()
    same_tables: int = 0
    not_counted: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    not_listed: int = 0
    problems: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing is known to differ."""
        return not (self.tables or self.definitions or self.not_listed)

    @property
    def is_whole(self) -> bool:
        """Whether everything was compared."""
        return not (self.not_counted or self.problems)


def differences(
    then: Iterable[DatabaseContents], now: Iterable[DatabaseContents]
) -> tuple[DatabaseDifference, ...]:
    """What differs, database by database, in the order of their names.

    Args:
        then: at the moment that is restored.
        now: in the live branch.
    """
    before, after = _by_name(then), _by_name(now)
    found, left = [], MAX_LISTED_IN_ALL
    for name in sorted({*before, *after}):
        one = _of_one(name, before.get(name), after.get(name), left)
        left -= len(one.tables) + len(one.not_counted) + len(one.definitions)
        found.append(one)
    return tuple(found)


def _by_name(contents: Iterable[DatabaseContents]) -> dict[str, DatabaseContents]:
    return {each.database: each for each in contents}


def _of_one(
    name: str, then: DatabaseContents | None, now: DatabaseContents | None, most: int
) -> DatabaseDifference:
    if then is None or now is None:
        side = "now" if then is None else "then"
        return DatabaseDifference(database=name, definitions=(f"the whole database: only {side}",))
    tables, same, not_counted = _tables(then.tables, now.tables)
    definitions = list(_definitions(then.definitions, now.definitions))
    problems = dict.fromkeys(each.problem for each in (then, now) if each.problem)
    lists, each_most = (tables, not_counted, definitions), min(MAX_LISTED, max(0, most) // 3)
    return DatabaseDifference(
        database=name,
        tables=tuple(tables[:each_most]),
        same_tables=same,
        not_counted=tuple(not_counted[:each_most]),
        definitions=tuple(definitions[:each_most]),
        not_listed=sum(max(0, len(each) - each_most) for each in lists),
        problems=tuple(problems),
    )


def _tables(
    then: Iterable[TableRows], now: Iterable[TableRows]
) -> tuple[list[TableDifference], int, list[str]]:
    before, after = ({each.table: each for each in side} for side in (then, now))
    found, same, not_counted = [], 0, []
    for name in sorted({*before, *after}):
        sides = [side[name] for side in (before, after) if name in side]
        reason = next((each.reason for each in sides if each.reason), None)
        if reason:
            not_counted.append(f"{name}: {reason}")
            continue
        rows = [side[name].rows if name in side else None for side in (before, after)]
        if rows[0] == rows[1]:
            same += 1
        else:
            found.append(TableDifference(table=name, rows_then=rows[0], rows_now=rows[1]))
    found.sort(key=lambda each: -abs((each.rows_then or 0) - (each.rows_now or 0)))
    return found, same, not_counted


def _definitions(
    then: Mapping[str, tuple[str, ...]] | None, now: Mapping[str, tuple[str, ...]] | None
) -> Iterator[str]:
    if then is None or now is None:
        return
    for name in sorted({*then, *now}):
        if name not in now:
            yield f"{name}: only then"
        elif name not in then:
            yield f"{name}: only now"
        elif then[name] != now[name]:
            yield f"{name}: differs"
