"""How the last runs of a database are: by their own records, and by what CodeBuild says."""

from datetime import datetime, timedelta
from enum import Enum

from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.engine import Engine
from lifeboat.model.keys import parse_id
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.build_facts import BuildFacts, BuildStatus
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.facts import Unknown

_LATE = timedelta(minutes=1)
"""Clocks differ: a run counts as lost this long after its time is over."""


class RunState(Enum):
    """How a run is."""

    UNDER_WAY = "it runs, or waits for its machine"
    SUCCEEDED = "it succeeded"
    FAILED = "it failed, and says why"
    LOST = "it ended, or never began, and left no result"


def last_attempt(view: DatabaseView, kind: AttemptKind) -> Attempt | None:
    """The last run of that kind; None if it has no record, or one from the future."""
    found = (each for each in view.facts.attempts if each.kind is kind)
    attempt = next(found, None)
    return None if attempt is None or is_ahead(attempt.started, view.now) else attempt


def build_of(view: DatabaseView, attempt: Attempt) -> BuildFacts | None:
    """What CodeBuild says of a run's build; None if it has none, or CodeBuild doesn't know it."""
    if attempt.build is None or isinstance(view.builds, Unknown):
        return None
    return view.builds.get(attempt.build)


def state_of(view: DatabaseView, attempt: Attempt) -> RunState:
    """How a run is.

    A build that ended without a failure has done its work, though its record could not be written.
    """
    if attempt.outcome is AttemptOutcome.FAILED:
        return RunState.FAILED
    if attempt.outcome is AttemptOutcome.SUCCEEDED:
        return RunState.SUCCEEDED
    build = build_of(view, attempt)
    if build is None:
        over = view.now > time_limit(view, attempt) + _LATE
        return RunState.LOST if over else RunState.UNDER_WAY
    if not build.has_ended:
        return RunState.UNDER_WAY
    return RunState.SUCCEEDED if build.status is BuildStatus.SUCCEEDED else RunState.LOST


def time_limit(view: DatabaseView, attempt: Attempt) -> datetime:
    """When the run has to be over, or its job has to have begun."""
    return attempt.ends or attempt.started + timedelta(minutes=function_minutes(view, attempt.kind))


def function_minutes(view: DatabaseView, kind: AttemptKind) -> int:
    """The time limit of the function for that kind of run."""
    settings = view.settings
    return (settings.drill if kind is AttemptKind.DRILL else settings.backup).timeout_minutes


def job_under_way(view: DatabaseView, kind: AttemptKind) -> Attempt | None:
    """The last run of that kind, if it is a job that runs or waits."""
    attempt = last_attempt(view, kind)
    if attempt is None or attempt.engine is not Engine.JOB:
        return None
    return attempt if state_of(view, attempt) is RunState.UNDER_WAY else None


def scheduled_time_of(attempt: Attempt) -> datetime:
    """The time that a backup's run is for."""
    location = parse_id(attempt.backup or "")
    return location.scheduled_at if location else attempt.started
