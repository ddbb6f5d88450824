"""Whether a database is being backed up at all: age of the newest backup, and runs missed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.keys import BackupLocation
from lifeboat.model.text import format_age, format_time, join_first, plural
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.checks.attempts import backup_trouble
from lifeboat.monitor.policy.database_view import GRACE, RECENT, Case
from lifeboat.monitor.policy.slots import next_slot, slots

_SECOND = timedelta(seconds=1)


def age_findings(case: Case) -> Iterator[Finding]:
    """What is wrong with the age of the newest backup."""
    if not case.published:
        yield _never(case)
    elif not case.whole:
        yield _none_whole(case)
    else:
        yield from _too_old(case)
        yield from _missed(case)


def backup_age(case: Case) -> timedelta | None:
    """How far the newest whole backup lies behind; None when there is none.

    Counted from the moment that the backup shows, since what came later is not in it.
    """
    if not case.whole:
        return None
    return max(case.now - case.whole[0].shows, timedelta(0))


def unprotected(case: Case) -> timedelta | None:
    """For how long there has been no backup of a database; None while its first is not yet due.

    As long as the newest whole backup is old. If there is none: since the first one that there was,
    or else since the first one was due.
    """
    age, known = backup_age(case), case.facts.known
    if age is not None:
        return age
    if known and known.first_backup:
        return max(case.now - known.first_backup, timedelta(0))
    since = known.expected_since if known else case.now
    waits = case.now - (next_slot(case.database.cron, case.database.timezone, since) or since)
    return waits if waits > GRACE else None


def _never(case: Case) -> Finding:
    known = case.facts.known
    since = known.expected_since if known else case.now
    first = next_slot(case.database.cron, case.database.timezone, since)
    limit = f"schedule '{case.database.cron}' in {case.database.timezone}"
    if known and known.first_backup:
        return _none_left(case, known.first_backup, limit)
    waits = first is not None and case.now - first <= GRACE
    if first is not None and waits and backup_trouble(case) is None:
        return Finding(
            code=Code.NO_BACKUP,
            level=Level.INFO,
            database=case.name,
            headline="waits for its first backup",
            fact=f"{case.name} has no backup yet; its first is due at {format_time(first)}.",
            limit=limit,
            safe="The database itself is not affected.",
            advice=(f"Wait, or take a backup now: {case.commands.back_up(case.name)}",),
        )
    due = ", and its schedule never runs again"
    if first:
        due = f"; the first {'is' if first > case.now else 'was'} due at {format_time(first)}"
    return Finding(
        code=Code.NO_BACKUP,
        level=_level(case),
        database=case.name,
        headline="was never backed up",
        fact=f"There is no backup of {case.name}{due}.",
        limit=limit,
        since=first,
        safe="The database itself is not affected, but nothing protects it.",
        advice=_find_out(case),
    )


def _none_left(case: Case, first: datetime, limit: str) -> Finding:
    return Finding(
        code=Code.NO_BACKUP,
        level=Level.CRITICAL,
        database=case.name,
        headline="has no backup left",
        fact=f"There is no backup of {case.name} any more. The first one was of"
        f" {format_time(first)}.",
        limit=limit,
        safe="The database itself is not affected, but nothing protects it. Object Lock still"
        " keeps the locked versions, behind delete markers.",
        advice=(
            *_find_out(case),
            "Find what was deleted: docs/runbooks/lifeboat-is-gone.md, What was deleted.",
        ),
    )


def _none_whole(case: Case) -> Finding:
    return Finding(
        code=Code.BACKUP_TOO_OLD,
        level=Level.CRITICAL,
        database=case.name,
        headline="has no complete backup",
        fact=f"{case.name} has {plural(len(case.published), 'manifest')} in the bucket, the newest"
        f" is {case.published[0].id}. None of the checked ones is readable and has its archive.",
        limit=_age_limit(case),
        safe="The database itself is not affected. Archives may still exist: see the findings"
        " about each of them.",
        advice=_find_out(case),
    )


def _too_old(case: Case) -> Iterator[Finding]:
    newest, age = case.whole[0], backup_age(case)
    if age is None or age <= timedelta(hours=case.settings.monitor.max_age_hours):
        return
    shown = newest.shows
    newer = [each for each in case.past if each.scheduled_at > newest.location.scheduled_at]
    but = f" {plural(len(newer), 'newer one')}: not complete." if newer else ""
    yield Finding(
        code=Code.BACKUP_TOO_OLD,
        level=_level(case),
        database=case.name,
        headline=f"has no backup for {format_age(age)}",
        fact=f"The newest complete backup of {case.name} is {newest.location.id}. It has the data"
        f" of {format_time(shown)}, {format_age(age)} ago. Later changes are in no backup.{but}",
        limit=_age_limit(case),
        since=shown,
        safe=f"{newest.location.id} and the backups before it are in the bucket.",
        advice=_find_out(case),
    )


def _level(case: Case) -> Level:
    """Critical, but where the last run's failure is told as critical for this very reason."""
    return Level.INFO if backup_trouble(case) else Level.CRITICAL


def _age_limit(case: Case) -> str:
    return f"{case.settings.monitor.max_age_hours} h (monitor.max_age_hours)"


def _find_out(case: Case) -> tuple[str, ...]:
    return (
        f"Take a backup now, and read its answer: {case.commands.back_up(case.name)}",
        f"Read in the log why the last runs failed: {case.commands.log('backup', case.name)}",
        (
            f"If the log has no runs, check the schedule: {case.commands.schedule(case.name)}"
            f". If it is missing or disabled, deploy it again: {case.commands.revert()}"
        ),
    )


def _missed(case: Case) -> Iterator[Finding]:
    """One finding for each gap between two backups in which the schedule should have run."""
    window, known = case.now - _memory(case), case.facts.known
    past = list(reversed(case.past))
    for before, after in zip(past, [*past[1:], None], strict=True):
        if after is not None and after.scheduled_at < window:
            continue
        start = max(before.scheduled_at + _SECOND, window, known.since if known else window)
        missed = _due(case, start, after)
        if missed:
            yield _gap(case, before, after, missed)


def _memory(case: Case) -> timedelta:
    """How far back missed runs are looked for: not to where S3 has deleted backups by now."""
    days = [case.settings.retention.of(tier).days for tier in Tier]
    return min(RECENT, *(timedelta(days=each) for each in days if each is not None))


def _due(case: Case, start: datetime, after: BackupLocation | None) -> list[datetime]:
    """The slots from `start` on that no backup filled before the one after them was due."""
    until = case.now - GRACE if after is None else after.scheduled_at
    due = list(slots(case.database.cron, case.database.timezone, start, until))
    return due if after is None else due[:-1]  # the last one is what `after` filled


def _gap(
    case: Case, before: BackupLocation, after: BackupLocation | None, missed: list[datetime]
) -> Finding:
    long = (after.scheduled_at if after else case.now) - before.scheduled_at
    too_long = long > timedelta(hours=case.settings.monitor.max_age_hours)
    told_elsewhere = too_long or (after is None and backup_trouble(case) is not None)
    until = f"the next one is {after.id}" if after else "there is none since then"
    return Finding(
        code=Code.RUN_MISSED,
        level=Level.INFO if told_elsewhere else Level.WARNING,
        database=case.name,
        subject=f"after {before.id}",
        headline=f"missed {plural(len(missed), 'run')}",
        fact=f"A backup of {case.name} was scheduled for {join_first(map(format_time, missed))},"
        f" but it does not exist. The last one before is {before.id}; {until}.",
        limit=f"schedule '{case.database.cron}' in {case.database.timezone}",
        since=missed[0],
        safe="The backups before and after it are not affected.",
        advice=(
            f"Read the log of that run: {case.commands.log('backup', case.name)}",
            f"If it never started, check the schedule: {case.commands.schedule(case.name)}",
        ),
        passing=True,
    )
