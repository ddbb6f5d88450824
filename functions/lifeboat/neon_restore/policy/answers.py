"""What the function that restores by Neon answers."""

from pydantic import NonNegativeFloat

from lifeboat.model.answers import Answer
from lifeboat.model.utc import UtcTime, WholeSecond
from lifeboat.neon_restore.policy.differences import DatabaseDifference
from lifeboat.neon_restore.policy.event import Action
from lifeboat.neon_restore.policy.record import Verdict


class NeonRestorePlan(Answer):
    """What `restore` and `undo` answer without `execute`. Nothing was touched.

    Attributes:
        action: restore or undo.
        database: as in the event.
        changed: whether something live was changed: false.
        plan: the plan's id; it is valid for an hour.
        at: the moment that the branch would go back to; null for an undo.
        snapshot: id of the snapshot that has this moment; null if it is of the branch's history.
        history_since: the first moment that Neon can give back.
        lost_seconds: from `at` to now: what was written in that time would be lost; null for an
            undo, where it is what was written since the restore.
        project_id: of the project.
        branch: name of the branch that would be thrown back, with all of its databases.
        branch_id: its id.
        kept_as: name of the branch that would keep what is live now.
        backup: id of the backup that is taken first.
        databases: every database of the branch, and what differs in it: then and now.
        replication_slots: logical replication slots that would be lost.
        steps: what would be done, in order.
        warnings: what to know before.
        blockers: why it can't be done; empty, as what stands in the way is an error.
        next_event: carries it out.
    """

    action: Action
    database: str
    changed: bool = False
    plan: str
    at: UtcTime | None
    snapshot: str | None
    history_since: WholeSecond
    lost_seconds: int | None
    project_id: str
    branch: str
    branch_id: str
    kept_as: str
    backup: str
    databases: tuple[DatabaseDifference, ...]
    replication_slots: tuple[str, ...]
    steps: tuple[str, ...]
    warnings: tuple[str, ...]
    blockers: tuple[str, ...] = ()
    next_event: dict[str, object]


class NeonRestoreResult(Answer):
    """What a restore by Neon, or its undo, came to. `next_event` is the plan of the way back.

    Attributes:
        action: restore or undo.
        database: as in the event.
        changed: whether something live was changed: true.
        plan: that was carried out.
        at: the moment that the branch has now; null for an undo.
        snapshot: id of the snapshot that had it; null if it was of the branch's history.
        branch: name of the branch.
        branch_id: its id.
        verdict: "same" if every table has as many rows as at that moment and every definition is
            the same; "different" if not, "unknown" if something could not be compared.
        databases: every database of the branch, and what differs from that moment.
        kept_as: name of the branch that keeps what was live before.
        kept_id: its id; null if Neon does not show it.
        backup: id of the backup that was taken first; null if there is none.
        repeated: whether it had been carried out before, and was only compared again.
        report: where the report is.
        notes: what else to know.
        seconds: it took.
        undo_command: shows a plan of the way back.
        next_event: the same as an event.
    """

    action: Action
    database: str
    changed: bool = True
    plan: str
    at: UtcTime | None
    snapshot: str | None
    branch: str
    branch_id: str
    verdict: Verdict
    databases: tuple[DatabaseDifference, ...]
    kept_as: str
    kept_id: str | None
    backup: str | None
    repeated: bool
    report: str
    notes: tuple[str, ...]
    seconds: NonNegativeFloat
    undo_command: str
    next_event: dict[str, object]
