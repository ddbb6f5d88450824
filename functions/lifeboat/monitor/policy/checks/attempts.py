"""Whether the last backup and the last drill failed, and no later run succeeded."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.failures import failed_run, run_without_result
from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.database_view import Case

_KILLED = timedelta(minutes=1)
"""Clocks differ: for so long after its function's time a run may still be under way."""


def attempt_findings(case: Case) -> Iterator[Finding]:
    """The last runs that failed, or ended without a result."""
    if backup := backup_trouble(case):
        level = Level.WARNING if _has_young_backup(case) else Level.CRITICAL
        yield _finding(case, backup, level)
    drill = last_attempt(case, AttemptKind.DRILL)
    if drill and case.settings.drill.enabled and _has_failed(case, drill):
        newest = next(iter(case.reports), None)
        if newest is None or newest.started < drill.started.replace(microsecond=0):
            yield _finding(case, drill, Level.WARNING)


def backup_trouble(case: Case) -> Attempt | None:
    """The last backup's run, when it failed and no backup has come since."""
    backup = last_attempt(case, AttemptKind.BACKUP)
    if backup is None or not _has_failed(case, backup):
        return None
    newest = next(iter(case.whole), None)
    return backup if newest is None or newest.shows < backup.started else None


def last_attempt(case: Case, kind: AttemptKind) -> Attempt | None:
    """The last run of that kind; None when it left no record, or one from the future."""
    found = (each for each in case.facts.attempts if each.kind is kind)
    attempt = next(found, None)
    return None if attempt is None or is_ahead(attempt.started, case.now) else attempt


def _has_failed(case: Case, attempt: Attempt) -> bool:
    if attempt.outcome is AttemptOutcome.RUNNING:
        return case.now - attempt.started > timedelta(minutes=_minutes(case, attempt)) + _KILLED
    return attempt.outcome is AttemptOutcome.FAILED


def _finding(case: Case, attempt: Attempt, level: Level) -> Finding:
    if attempt.outcome is AttemptOutcome.FAILED:
        return failed_run(attempt, level, case.commands)
    return run_without_result(attempt, level, case.commands, _minutes(case, attempt))


def _minutes(case: Case, attempt: Attempt) -> int:
    backup = attempt.kind is AttemptKind.BACKUP
    return (case.settings.backup if backup else case.settings.drill).timeout_minutes


def _has_young_backup(case: Case) -> bool:
    limit = timedelta(hours=case.settings.monitor.max_age_hours)
    return bool(case.whole) and case.now - case.whole[0].shows <= limit
