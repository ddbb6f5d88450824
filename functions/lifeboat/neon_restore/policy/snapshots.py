"""Which snapshot of Neon a person means."""

from collections.abc import Iterable

from lifeboat.errors import RefusedError
from lifeboat.model.text import format_time, join_first, line
from lifeboat.neon.records import Snapshot


def find_snapshot(snapshots: Iterable[Snapshot], wanted: str | None) -> Snapshot | None:
    """The snapshot with that id or name; None if none is wanted.

    Args:
        snapshots: all of the project.
        wanted: id, or name.

    Raises:
        RefusedError: there is none, or several have that name; has those that there are.
    """
    if wanted is None:
        return None
    there = sorted(snapshots, key=lambda each: each.moment, reverse=True)
    found = [each for each in there if each.id == wanted] or [
        each for each in there if each.name == wanted
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise RefusedError(
            f"{len(found)} snapshots are called {line(wanted)}.",
            todo=f"Give the id of one: {_listed(found)}.",
        )
    raise RefusedError(
        f"The project has no snapshot {line(wanted)}.",
        todo=f"Give one that it has: {_listed(there)}."
        if there
        else "It has no snapshot at all. Give a moment of its history, or restore a backup of"
        " Lifeboat: lifeboat restore DATABASE --before TIME.",
    )


def _listed(snapshots: Iterable[Snapshot]) -> str:
    return join_first(
        f"{each.id} ({line(each.name)}, of {format_time(each.moment)})" for each in snapshots
    )
