"""The order of a restore: which entries of an archive are restored together, and after which.

`pg_restore --jobs` makes an entry as soon as those are there that it depends on. A row trigger of a
partitioned table depends on that table only, which has no rows of its own; a constraint that is NOT
VALID on its table or domain only; a foreign key to a partitioned table not on the rows of its
partitions. Such an entry may be made before rows are loaded that it then changes, refuses or copies
elsewhere, without an error. So everything that an archive makes after its rows waits for all rows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LATE = re.compile(
    r"\d+; \d+ \d+ (?:(?P<events>(?:COMMENT - )?EVENT TRIGGER )"
    r"|(?P<rights>(?:DEFAULT )?ACL |MATERIALIZED VIEW DATA ))"
)


@dataclass(frozen=True)
class Pass:
    """One run of pg_restore.

    Attributes:
        entries: of the table of contents, a line for each.
        sections: of these only the ones in here; all of them when empty.
        parallel: whether workers may share it.
    """

    entries: tuple[str, ...]
    sections: tuple[str, ...] = ()
    parallel: bool = True


def passes(entries: Iterable[str]) -> tuple[Pass, ...]:
    """What to run, one after the other.

    1. Definitions and rows, in one run: a table that the same run has made is emptied and loaded in
       one transaction, which spares a server with wal_level=minimal the log of it.
    2. Indexes, constraints, triggers, rules and whatever else stands after the rows.
    3. Grants, and materialized views' contents, which may need them. Not earlier: an index is
       built with the rights of the table's owner, who may have lost some since it was first made.
    4. Event triggers, on their own: pg_restore makes them while it refreshes materialized views,
       and one that objects to definitions may object to that.

    Args:
        entries: those to be restored, as `pg_restore --list` writes them, in its order.
    """
    main: list[str] = []
    late: dict[str, list[str]] = {"rights": [], "events": []}
    for entry in entries:
        match = _LATE.match(entry)
        (late[match.lastgroup or ""] if match else main).append(entry)
    rights, events = Pass(tuple(late["rights"])), Pass(tuple(late["events"]), parallel=False)
    return (
        Pass(tuple(main), ("pre-data", "data")),
        Pass(tuple(main), ("post-data",)),
        *(each for each in (rights, events) if each.entries),
    )
