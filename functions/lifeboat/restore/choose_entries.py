"""Finds the entries that some tables need in a fetched archive."""

import json

from lifeboat.errors import RefusedError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.text import join_first
from lifeboat.recovery.archive_listing import contents, entries_of
from lifeboat.recovery.run import RecoveryRun
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.table_of_contents import Selection, parse_contents, select


def choose_entries(
    run: RecoveryRun, tables: tuple[TableName, ...], *, relatives: bool = True
) -> Selection:
    """The entries of the archive that the tables need.

    Args:
        run: whose archive has been fetched.
        tables: that have to be in the archive.
        relatives: whether to include their parents and children in an inheritance tree.

    Raises:
        RefusedError: the archive has no such table.
        DecodeError: pg_restore can't read the archive.
    """
    chosen: set[int] = set()
    unknown = []
    for table in tables:
        own = parse_contents(entries_of(run, table))
        numbers = {each.number for each in own if each.kind == "TABLE"}
        chosen |= numbers
        if not numbers:
            unknown.append(qualified(*table))
    if unknown:
        location = run.manifest.location
        listing = {
            "action": Action.TABLES.value,
            "database": location.database,
            "backup": location.id,
        }
        raise RefusedError(
            f"The backup {location.id} has no table {join_first(unknown)}.",
            todo=f"Send {json.dumps(listing)} to see which it has.",
        )
    return select(parse_contents(contents(run)), chosen, relatives=relatives)
