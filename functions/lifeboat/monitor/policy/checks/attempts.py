"""Checks whether the last backup or the last drill failed."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.failures import failed_run, run_without_result
from lifeboat.alerts.policy.findings import Finding, Level
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.monitor.policy.checks.jobs import lost_job
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.run_state import RunState, function_minutes, last_attempt, state_of


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


def _has_failed(view: DatabaseView, attempt: Attempt) -> bool:
    return state_of(view, attempt) in {RunState.FAILED, RunState.LOST}


def _finding(view: DatabaseView, attempt: Attempt, level: Level) -> Finding:
    if attempt.outcome is AttemptOutcome.FAILED:
        return failed_run(attempt, level, view.commands)
    if attempt.engine is Engine.JOB:
        return lost_job(view, attempt, level)
    minutes = function_minutes(view, attempt.kind)
    return run_without_result(attempt, level, view.commands, minutes)


def _has_recent_backup(view: DatabaseView) -> bool:
    limit = timedelta(hours=view.settings.monitor.max_age_hours)
    return bool(view.complete) and view.now - view.complete[0].data_as_of <= limit
