"""Checks whether a database is backed up: the age of the newest backup, and missed runs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.attempt import AttemptKind
from lifeboat.model.keys import BackupLocation
from lifeboat.model.steps import Step
from lifeboat.model.text import format_age, format_time, join_first, plural
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.checks.attempts import failed_backup
from lifeboat.monitor.policy.database_view import RECENT, RUN_GRACE, DatabaseView
from lifeboat.monitor.policy.run_state import job_under_way, scheduled_time_of
from lifeboat.monitor.policy.scheduled_times import next_scheduled, scheduled_times

_SECOND = timedelta(seconds=1)


def age_findings(view: DatabaseView) -> Iterator[Finding]:
    """What is wrong with the age of the newest backup."""
    if not view.published:
        yield _never(view)
    elif not view.complete:
        yield _none_whole(view)
    else:
        yield from _too_old(view)
        yield from _missed(view)


def backup_age(view: DatabaseView) -> timedelta | None:
    """The age of the newest complete backup; None if there is none.

    It counts from the time of the backup's data, as later changes are not in it.
    """
    if not view.complete:
        return None
    return max(view.now - view.complete[0].data_as_of, timedelta(0))


def unprotected(view: DatabaseView) -> timedelta | None:
    """For how long there has been no backup of a database; None if its first is not yet due.

    It is the age of the newest complete backup. If there is none, it counts from the first backup
    that ever existed, or else from the time when the first was due. While a job takes a backup, the
    time stands still: a job may take hours, within its own limit.
    """
    known, job = view.facts.known, job_under_way(view, AttemptKind.BACKUP)
    now = min(job.started, view.now) if job else view.now
    if view.complete:
        return max(now - view.complete[0].data_as_of, timedelta(0))
    if known and known.first_backup:
        return max(now - known.first_backup, timedelta(0))
    since = known.expected_since if known else now
    waits = now - (next_scheduled(view.database.cron, view.database.timezone, since) or since)
    return waits if waits > RUN_GRACE else None


def _never(view: DatabaseView) -> Finding:
    known = view.facts.known
    since = known.expected_since if known else view.now
    first = next_scheduled(view.database.cron, view.database.timezone, since)
    limit = f"schedule '{view.database.cron}' in {view.database.timezone}"
    if known and known.first_backup:
        return _none_left(view, known.first_backup, limit)
    job = job_under_way(view, AttemptKind.BACKUP)
    waits = first is not None and (job is not None or view.now - first <= RUN_GRACE)
    if first is not None and waits and failed_backup(view) is None:
        return Finding(
            code=Code.NO_BACKUP,
            level=Level.INFO,
            database=view.name,
            headline="waits for its first backup",
            fact=f"{view.name} has no backup yet; its first is due at {format_time(first)}."
            f"{_being_taken(view)}",
            limit=limit,
            safe="The database itself is not affected.",
            advice=(view.commands.to_back_up("Wait, or take a backup now", view.name),),
        )
    due = ", and its schedule never runs again"
    if first:
        due = f"; the first {'is' if first > view.now else 'was'} due at {format_time(first)}"
    return Finding(
        code=Code.NO_BACKUP,
        level=_level(view),
        database=view.name,
        headline="was never backed up",
        fact=f"There is no backup of {view.name}{due}.",
        limit=limit,
        since=first,
        safe="The database itself is not affected, but nothing protects it.",
        advice=_find_out(view),
    )


def _none_left(view: DatabaseView, first: datetime, limit: str) -> Finding:
    return Finding(
        code=Code.NO_BACKUP,
        level=Level.CRITICAL,
        database=view.name,
        headline="has no backup left",
        fact=f"There is no backup of {view.name} any more. The first one was of"
        f" {format_time(first)}.",
        limit=limit,
        safe="The database itself is not affected, but nothing protects it. Object Lock still"
        " keeps the locked versions, behind delete markers.",
        advice=(
            *_find_out(view),
            Step("Find what was deleted: docs/runbooks/lifeboat-is-gone.md, What was deleted."),
        ),
    )


def _none_whole(view: DatabaseView) -> Finding:
    return Finding(
        code=Code.BACKUP_TOO_OLD,
        level=Level.CRITICAL,
        database=view.name,
        headline="has no complete backup",
        fact=f"{view.name} has {plural(len(view.published), 'manifest')} in the bucket, the newest"
        f" is {view.published[0].id}. None of the checked ones is readable and has its archive.",
        limit=_age_limit(view),
        safe="The database itself is not affected. Archives may still exist: see the findings"
        " about each of them.",
        advice=_find_out(view),
    )


def _too_old(view: DatabaseView) -> Iterator[Finding]:
    newest, age = view.complete[0], backup_age(view)
    if age is None or age <= timedelta(hours=view.settings.monitor.max_age_hours):
        return
    shown = newest.data_as_of
    newer = [each for each in view.past if each.scheduled_at > newest.location.scheduled_at]
    but = f" {plural(len(newer), 'newer one')}: not complete." if newer else ""
    yield Finding(
        code=Code.BACKUP_TOO_OLD,
        level=_level(view),
        database=view.name,
        headline=f"has no backup for {format_age(age)}",
        fact=f"The newest complete backup of {view.name} is {newest.location.id}. It has the data"
        f" of {format_time(shown)}, {format_age(age)} ago. Later changes are in no backup.{but}"
        f"{_being_taken(view)}",
        limit=_age_limit(view),
        since=shown,
        safe=f"{newest.location.id} and the backups before it are in the bucket.",
        advice=_find_out(view),
    )


def _level(view: DatabaseView) -> Level:
    """Critical, unless the finding about the last run's failure is critical for the same reason.

    While a job takes a backup, nobody has to do anything; a job that ends without one is found.
    """
    known = failed_backup(view) or job_under_way(view, AttemptKind.BACKUP)
    return Level.INFO if known else Level.CRITICAL


def _being_taken(view: DatabaseView) -> str:
    job = job_under_way(view, AttemptKind.BACKUP)
    return f" A job takes one since {format_time(job.started)}." if job else ""


def _age_limit(view: DatabaseView) -> str:
    return f"{view.settings.monitor.max_age_hours} h (monitor.max_age_hours)"


def _find_out(view: DatabaseView) -> tuple[Step, ...]:
    return (
        view.commands.to_back_up("Take a backup now, and read its answer", view.name),
        Step("Read in the log why the last runs failed", view.commands.log("backup", view.name)),
        Step("If the log has no runs, check the schedule", view.commands.schedule(view.name)),
        Step("If it is missing or disabled, deploy it again", view.commands.revert()),
    )


def _missed(view: DatabaseView) -> Iterator[Finding]:
    """One finding for each gap between two backups in which the schedule should have run."""
    window, known = view.now - lookback(view), view.facts.known
    past = list(reversed(view.past))
    for before, after in zip(past, [*past[1:], None], strict=True):
        if after is not None and after.scheduled_at < window:
            continue
        start = max(before.scheduled_at + _SECOND, window, known.since if known else window)
        missed = _due(view, start, after)
        if missed:
            yield _gap(view, before, after, missed)


def lookback(view: DatabaseView) -> timedelta:
    """How far back missed runs can be seen: not so far that S3 may have deleted backups."""
    days = [view.settings.retention.of(tier).days for tier in Tier]
    return min(RECENT, *(timedelta(days=each) for each in days if each is not None))


def _due(view: DatabaseView, start: datetime, after: BackupLocation | None) -> list[datetime]:
    """The scheduled times from `start` on for which there is no backup, and none is being taken."""
    until = view.now - RUN_GRACE if after is None else after.scheduled_at
    due = list(scheduled_times(view.database.cron, view.database.timezone, start, until))
    if after is not None:
        return due[:-1]  # the last one is that of `after`
    job = job_under_way(view, AttemptKind.BACKUP)
    return [each for each in due if job is None or each < scheduled_time_of(job)]


def _gap(
    view: DatabaseView, before: BackupLocation, after: BackupLocation | None, missed: list[datetime]
) -> Finding:
    long = (after.scheduled_at if after else view.now) - before.scheduled_at
    too_long = long > timedelta(hours=view.settings.monitor.max_age_hours)
    in_another_finding = too_long or (after is None and failed_backup(view) is not None)
    until = f"the next one is {after.id}" if after else "there is none since then"
    return Finding(
        code=Code.RUN_MISSED,
        level=Level.INFO if in_another_finding else Level.WARNING,
        database=view.name,
        subject=f"after {before.id}",
        headline=f"missed {plural(len(missed), 'run')}",
        fact=f"A backup of {view.name} was scheduled for {join_first(map(format_time, missed))},"
        f" but it does not exist. The last one before is {before.id}; {until}.",
        limit=f"schedule '{view.database.cron}' in {view.database.timezone}",
        since=missed[0],
        safe="The backups before and after it are not affected.",
        advice=(
            Step("Read the log of that run", view.commands.log("backup", view.name)),
            Step("If it never started, check the schedule", view.commands.schedule(view.name)),
        ),
        passing=True,
    )
