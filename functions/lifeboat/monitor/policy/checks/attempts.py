"""Checks whether the last backup or the last drill failed."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.failures import failed_run, run_without_result
from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.database_view import DatabaseView

_KILLED = timedelta(minutes=1)
"""Clocks differ: a run counts as killed this long after its function's time limit."""


def attempt_findings(view: DatabaseView) -> Iterator[Finding]:
    """The last runs that failed, or ended without a result."""
    if backup := failed_backup(view):
        level = Level.WARNING if _has_recent_backup(view) else Level.CRITICAL
        yield _finding(view, backup, level)
    drill = last_attempt(view, AttemptKind.DRILL)
    if drill and view.settings.drill.enabled and _has_failed(view, drill):
        newest = next(iter(view.reports), None)
        if newest is None or newest.started < drill.started.replace(microsecond=0):
            yield _finding(view, drill, Level.WARNING)


def failed_backup(view: DatabaseView) -> Attempt | None:
    """The last backup's run, if it failed and there is no newer backup; else None."""
    backup = last_attempt(view, AttemptKind.BACKUP)
    if backup is None or not _has_failed(view, backup):
        return None
    newest = next(iter(view.complete), None)
    return backup if newest is None or newest.data_as_of < backup.started else None


def last_attempt(view: DatabaseView, kind: AttemptKind) -> Attempt | None:
    """The last run of that kind; None if it has no record, or one from the future."""
    found = (each for each in view.facts.attempts if each.kind is kind)
    attempt = next(found, None)
    return None if attempt is None or is_ahead(attempt.started, view.now) else attempt


def _has_failed(view: DatabaseView, attempt: Attempt) -> bool:
    if attempt.outcome is AttemptOutcome.RUNNING:
        return view.now - attempt.started > timedelta(minutes=_minutes(view, attempt)) + _KILLED
    return attempt.outcome is AttemptOutcome.FAILED


def _finding(view: DatabaseView, attempt: Attempt, level: Level) -> Finding:
    if attempt.outcome is AttemptOutcome.FAILED:
        return failed_run(attempt, level, view.commands)
    return run_without_result(attempt, level, view.commands, _minutes(view, attempt))


def _minutes(view: DatabaseView, attempt: Attempt) -> int:
    backup = attempt.kind is AttemptKind.BACKUP
    return (view.settings.backup if backup else view.settings.drill).timeout_minutes


def _has_recent_backup(view: DatabaseView) -> bool:
    limit = timedelta(hours=view.settings.monitor.max_age_hours)
    return bool(view.complete) and view.now - view.complete[0].data_as_of <= limit
