"""Checks the safety net that Neon itself has for a database: history, snapshots, protection."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.provider import ScheduleFacts
from lifeboat.model.schedule import longest_interval
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_age, format_time, line
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import NeonFacts

SAFE = "Backups are complete and go on; they need neither Neon's API nor its key."
"""What no finding about Neon affects."""

FREE_WINDOW = timedelta(hours=6)
"""The longest window on the Free plan (https://neon.com/docs/introduction/history-window)."""

_DAYS_AHEAD = 62
_INTERVALS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
    "yearly": timedelta(days=366),
}
_LEAST_GRACE, _MOST_GRACE = timedelta(hours=2), timedelta(days=1)


def net_findings(view: DatabaseView, known: NeonFacts) -> Iterator[Finding]:
    """What Neon's own safety net lacks.

    Args:
        view: the database.
        known: fresh facts about it.
    """
    yield from _window(view, known)
    yield from _schedule(view, known)
    yield from _unprotected(view, known)


def _window(view: DatabaseView, known: NeonFacts) -> Iterator[Finding]:
    """Whether moments between two backups are in neither."""
    gap = longest_interval(view.database.cron, view.now.date(), _DAYS_AHEAD)
    window, branch = known.window, known.facts.branch
    if gap is None or window >= gap:
        return
    at_most = not branch.root or (known.is_free and window >= FREE_WINDOW)
    has = f"the last {format_age(window)}" if window else "no moment by itself"
    why = "" if branch.root else " Instant restore is for root branches, and this one has a parent."
    yield Finding(
        code=Code.NEON_HISTORY_SHORT,
        level=Level.INFO if at_most else Level.WARNING,
        database=view.name,
        headline="has a history at Neon that is shorter than the time between two backups",
        fact=f"Neon can give back {has}, and there are up to {format_age(gap)} between two backups."
        f" What is older than the one and newer than the other is in neither.{why}",
        limit=f"{format_age(gap)} between two backups (databases[].cron)",
        basis=known.at,
        safe=SAFE,
        advice=plain_steps(
            "Take a paid plan, whose history can be longer."
            if known.is_free
            else "Raise the history window in the Neon console: Settings, Instant restore. Neon"
            " bills the history that it keeps."
            if branch.root
            else "Restore with Lifeboat, or make the branch a root branch.",
            "Or take backups more often (databases[].cron), then make deploy; each one counts as"
            " transfer: docs/transfer.md.",
        ),
    )


def _schedule(view: DatabaseView, known: NeonFacts) -> Iterator[Finding]:
    """Whether Neon takes snapshots by itself, where the plan has that, and whether it still does.

    Only root branches can have a schedule (https://neon.com/docs/guides/backup-restore).
    """
    facts = known.facts
    if facts.schedule is None or known.is_free or not facts.branch.root:
        return
    if not facts.schedule:
        yield Finding(
            code=Code.NEON_NO_SCHEDULE,
            level=Level.INFO,
            database=view.name,
            headline="has no schedule of snapshots at Neon",
            fact="Its plan has schedules of snapshots, and none is set. A snapshot outlasts the"
            " history, is restored in seconds, and reads nothing over the network.",
            basis=known.at,
            safe=SAFE,
            advice=plain_steps(
                "If you want a second kind of backup inside Neon: the console, Backup & restore,"
                " Edit schedule. Neon bills snapshots by size."
            ),
        )
        return
    yield from _overdue(view, known, facts.schedule)


def _overdue(
    view: DatabaseView, known: NeonFacts, schedule: tuple[ScheduleFacts, ...]
) -> Iterator[Finding]:
    snapshots = known.facts.snapshots
    rules = [(_INTERVALS[each.frequency], each) for each in schedule if _is_judged(each)]
    if snapshots is None or snapshots.newest_scheduled is None or not rules:
        return
    interval, rule = min(rules, key=lambda each: each[0])
    age = known.at - snapshots.newest_scheduled
    if age <= interval + _grace(interval):
        return
    yield Finding(
        code=Code.NEON_SNAPSHOT_OVERDUE,
        level=Level.WARNING,
        database=view.name,
        headline="has no recent scheduled snapshot at Neon",
        fact=f"Neon's schedule is {rule.frequency}, and its newest scheduled snapshot is of"
        f" {format_time(snapshots.newest_scheduled)}, {format_age(age)} before Neon was asked.",
        limit=f"{format_age(interval + _grace(interval))} for a schedule that is {rule.frequency}",
        since=snapshots.newest_scheduled,
        basis=known.at,
        safe=SAFE,
        advice=plain_steps(
            "Look in the Neon console, Backup & restore, whether snapshots fail or the schedule was"
            " changed; then ask Neon's support.",
        ),
    )


def _is_judged(rule: ScheduleFacts) -> bool:
    """Whether its newest snapshot must still be there when the next one is overdue."""
    interval = _INTERVALS.get(rule.frequency)
    if interval is None:
        return False
    kept = rule.retention_seconds
    return kept is None or kept >= (interval + _grace(interval)).total_seconds()


def _grace(interval: timedelta) -> timedelta:
    return min(max(_LEAST_GRACE, interval / 4), _MOST_GRACE)


def _unprotected(view: DatabaseView, known: NeonFacts) -> Iterator[Finding]:
    branch = known.facts.branch
    if not known.is_paid or not branch.default or branch.protected:
        return
    yield Finding(
        code=Code.NEON_UNPROTECTED,
        level=Level.WARNING,
        database=view.name,
        headline="is in a branch of Neon that is not protected",
        fact=f"Branch {line(branch.name)} is the project's default branch. Whoever has a key of the"
        " project, or a login at Neon, can delete it or reset it, with its history.",
        basis=known.at,
        safe=SAFE,
        advice=plain_steps(
            "In the Neon console: Branches, the branch, Protect. Branches that are made from it"
            " get new passwords then, and its project can no longer be deleted.",
        ),
    )
