"""The order of a restore: which entries of an archive are restored together, and in which order.

`pg_restore --jobs` creates an entry as soon as its dependencies exist. A row trigger of a
partitioned table depends only on that table, which has no rows itself. A NOT VALID constraint
depends only on its table or domain. A foreign key to a partitioned table doesn't depend on the rows
of the partitions. Such an entry may exist before rows are loaded, and may then change, refuse or
copy them, without an error. So everything that comes after the rows in an archive waits for all
rows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_AFTER_INDEXES = re.compile(
    r"\d+; \d+ \d+ (?:(?P<events>(?:COMMENT - )?EVENT TRIGGER )"
    r"|(?P<rights>(?:DEFAULT )?ACL )|(?P<views>MATERIALIZED VIEW DATA ))"
)


@dataclass(frozen=True)
class Pass:
    """One run of pg_restore.

    Attributes:
        entries: lines of the table of contents.
        sections: restore only entries in these sections; empty for all.
        parallel: whether it may have several workers.
    """

    entries: tuple[str, ...]
    sections: tuple[str, ...] = ()
    parallel: bool = True


def passes(entries: Iterable[str]) -> tuple[Pass, ...]:
    """The passes of a restore, in order.

    1. Definitions and rows, in one run: a table that the same run has created is truncated and
       loaded in one transaction, for which a server with wal_level=minimal writes no WAL.
    2. Indexes, constraints, triggers, rules and whatever else comes after the rows.
    3. Grants, in the archive's order: a role that grants something in a schema needs a grant on the
       schema before, and no archive has that dependency. Not earlier: an index is built with the
       rights of the table's owner, who may have lost some since then.
    4. The contents of materialized views, which may need the grants.
    5. Event triggers, separately: pg_restore would create them while it refreshes materialized
       views, and an event trigger that refuses DDL may refuse that.

    Args:
        entries: those to restore, as `pg_restore --list` writes them, in its order.
    """
    main: list[str] = []
    late: dict[str, list[str]] = {"rights": [], "views": [], "events": []}
    for entry in entries:
        match = _AFTER_INDEXES.match(entry)
        (late[match.lastgroup or ""] if match else main).append(entry)
    last = (Pass(tuple(some), parallel=kind == "views") for kind, some in late.items())
    return (
        Pass(tuple(main), ("pre-data", "data")),
        Pass(tuple(main), ("post-data",)),
        *(each for each in last if each.entries),
    )
