"""What a plan says: its steps, and what to know before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lifeboat.model.text import format_age, format_time, join_first, line
from lifeboat.neon.records import Snapshot
from lifeboat.neon_restore.policy.differences import DatabaseDifference
from lifeboat.neon_restore.policy.event import Action
from lifeboat.neon_restore.policy.record import NeonPlan


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found out for a plan.

    Attributes:
        record: the plan.
        kept: name of the branch that an undo goes back to; None for a restore.
        snapshot: that a restore goes back to; None if it is a moment or an undo.
        databases: what differs in each.
        slots: logical replication slots of the live branch; None if they are not known.
        without_backup: whether a person does without a backup.
        notes: what went wrong on the way.
        now: in UTC.
    """

    record: NeonPlan
    kept: str | None
    snapshot: Snapshot | None
    databases: tuple[DatabaseDifference, ...]
    slots: tuple[str, ...] | None
    without_backup: bool
    notes: tuple[str, ...]
    now: datetime


def steps(found: Found) -> tuple[str, ...]:
    """What will be done, in order."""
    record = found.record
    branch, kept = line(record.branch), line(record.kept_as)
    first = (
        "No backup to S3: you do without. If Neon fails, what is live now may be gone."
        if found.without_backup
        else f"Back {record.database} up to S3 ({record.backup.id}). If that fails, stop."
    )
    second = (
        f"Throw the whole branch {branch} back to {_goal(found)}. Clients are disconnected once;"
        " the connection string stays the same."
    )
    return (
        first,
        second,
        f"Keep what is live now as the branch {kept}.",
        "Compare the branch with what it had then: rows of each table, and definitions.",
    )


def _goal(found: Found) -> str:
    if found.snapshot:
        return f"the snapshot {line(found.snapshot.name)} of {format_time(found.snapshot.moment)}"
    if found.record.at:
        return format_time(found.record.at)
    return f"the state that the branch {line(found.kept or '')} has kept"


def warnings(found: Found) -> Iterator[str]:
    """What to know before."""
    record, names = found.record, [line(each.database) for each in found.databases]
    if record.at:
        lost = format_age(found.now - record.at)
        yield f"What was written after {format_time(record.at)} goes: the last {lost}."
    else:
        yield "What was written since the restore goes."
    yield "Stop what writes first: what is written from now on is not in this plan."
    if found.snapshot:
        yield "Neon calls its requests for snapshots beta: they may change."
    if found.snapshot and found.snapshot.source_branch_id != record.branch_id:
        yield f"The snapshot was taken of another branch than {line(record.branch)}."
    if len(names) > 1:
        yield (
            f"All {len(names)} databases of the branch go back, whichever of them is"
            f" {record.database}: {join_first(names)}. {_others(found.databases)}"
        )
    if found.slots:
        slots = join_first(map(line, found.slots))
        yield f"Logical replication slots are lost; whoever reads them has to start anew: {slots}."
    if found.slots is None:
        yield "Whether there are logical replication slots, which would be lost, is not known."
    yield (
        f"The branch {line(record.kept_as)} stays until you delete it, counts as a branch of the"
        " project, and its storage is billed."
    )
    if record.protected:
        yield (
            f"The branch {line(record.branch)} is protected. If Neon refuses to throw it back for"
            f" that, nothing is changed: {unprotect(record)}"
        )
    if not all(each.is_whole for each in found.databases):
        yield "Not everything could be compared; the databases below say what and why."
    yield from found.notes


def _others(databases: Iterable[DatabaseDifference]) -> str:
    changed = [line(each.database) for each in databases if not each.is_same]
    if not changed:
        return "None of them is known to have changed since."
    return f"Changed since then: {join_first(changed)}."


def next_event(found: Found) -> dict[str, object]:
    """The event that carries the plan out."""
    also = {"without_backup": True} if found.without_backup else {}
    return found.record.go_event | also


def unprotect(record: NeonPlan) -> str:
    """What to do where Neon does not throw a protected branch back."""
    return (
        f"take its protection away in the Neon console (Branches, {line(record.branch)}), go on"
        " with this plan, and protect the branch again."
    )


def plan_event_of_undo(database: str) -> dict[str, object]:
    """The event that asks for a plan of the way back."""
    return {"action": Action.UNDO.value, "database": database}


def undo_command(database: str) -> str:
    """The same as a command."""
    return f"lifeboat undo {database} --by neon"


def resume_command(record: NeonPlan, *, without_backup: bool) -> str:
    """The command that goes on with a plan whose time ran out."""
    also = " --without-backup" if without_backup else ""
    verb = "undo" if record.action is Action.UNDO else "restore"
    return f"lifeboat {verb} {record.database} --by neon --plan-id {record.id}{also}"
