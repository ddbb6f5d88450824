"""Finds what some tables need in an archive that has been fetched."""

import json

from lifeboat.errors import RestoreRefusedError
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.text import listed
from lifeboat.recovery.archive_listing import contents, entries_of
from lifeboat.recovery.context import Recovery
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.table_of_contents import Selection, parse_contents, select


def choose_entries(
    recovery: Recovery, major: int, tables: tuple[TableName, ...], *, relatives: bool = True
) -> Selection:
    """The entries of the archive that the tables need.

    Args:
        recovery: with the archive in its place.
        major: of the pg_restore that will read them.
        tables: all of which have to be there.
        relatives: tables that inherit from them, or from which they do, come along.

    Raises:
        RestoreRefusedError: the archive has no such table.
        DecodeError: pg_restore can't read the archive.
    """
    programs, archive, watch = recovery.programs, recovery.archive, recovery.watch
    chosen: set[int] = set()
    unknown = []
    for table in tables:
        own = parse_contents(entries_of(programs, major, archive, watch, table))
        numbers = {each.number for each in own if each.kind == "TABLE"}
        chosen |= numbers
        if not numbers:
            unknown.append(qualified(*table))
    if unknown:
        location = recovery.manifest.location
        listing = {
            "action": Action.TABLES.value,
            "database": location.database,
            "backup": location.id,
        }
        raise RestoreRefusedError(
            f"The backup {location.id} has no table {listed(unknown)}.",
            todo=f"Send {json.dumps(listing)} to see which it has.",
        )
    return select(
        parse_contents(contents(programs, major, archive, watch)), chosen, relatives=relatives
    )
