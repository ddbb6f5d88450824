"""Checks jobs: whether one waits for a machine, and what a job says that left no result."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.failures import named_run, run_finding
from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.engine import MAX_JOB_HOURS, QUEUED_HOURS
from lifeboat.model.steps import Step
from lifeboat.model.text import format_age, format_time, line
from lifeboat.monitor.policy.build_facts import QUEUED, BuildFacts, BuildStatus
from lifeboat.monitor.policy.database_view import RECENT, DatabaseView
from lifeboat.monitor.policy.run_state import RunState, build_of, last_attempt, state_of

_LONG_WAIT = timedelta(hours=1)

_MORE_MACHINES = (
    "Wait until other builds have ended, or raise the quota of concurrent builds of this machine"
    " for CodeBuild (AWS console, Service Quotas)."
)

_MORE_TIME = (
    f"Give it more time (job.timeout_hours, at most {MAX_JOB_HOURS}) in lifeboat.toml, then: make"
    " deploy"
)


def job_findings(view: DatabaseView) -> Iterator[Finding]:
    """Jobs that wait long for a machine, and restores whose job left no result."""
    for kind in AttemptKind:
        attempt = last_attempt(view, kind)
        build = attempt and build_of(view, attempt)
        if attempt and build and build.waits and attempt.is_under_way:
            yield from _waits(view, attempt, build)
    restore = last_attempt(view, AttemptKind.RESTORE)
    if restore and view.now - restore.started <= RECENT:
        yield from _restore(view, restore)


def lost_job(view: DatabaseView, attempt: Attempt, level: Level) -> Finding:
    """The finding that a job ended, or never began, and left no result."""
    build = build_of(view, attempt)
    headline, why, todo = _lost(attempt, build)
    return run_finding(
        attempt,
        level,
        view.commands,
        headline=headline,
        fact=f"{named_run(attempt)} left no result. {why}",
        todo=todo,
    )


def _waits(view: DatabaseView, attempt: Attempt, build: BuildFacts) -> Iterator[Finding]:
    since = build.since or attempt.started
    waited = view.now - since
    yield Finding(
        code=Code.JOB_WAITS,
        level=Level.WARNING if waited > _LONG_WAIT else Level.INFO,
        database=view.name,
        subject=attempt.kind.value,
        headline=f"has a {attempt.kind} that waits for a machine",
        fact=f"The job {line(attempt.build or '')} has waited for a machine of CodeBuild since"
        f" {format_time(since)}, for {format_age(waited)}.",
        limit=f"{QUEUED_HOURS} h; then CodeBuild gives it up",
        since=since,
        safe="Earlier backups are not affected. The job begins as soon as there is a machine.",
        advice=(Step(_MORE_MACHINES),),
    )


def _restore(view: DatabaseView, attempt: Attempt) -> Iterator[Finding]:
    """A restore's job that nobody was notified of: whoever started it waits for its end."""
    if state_of(view, attempt) is RunState.LOST:
        yield lost_job(view, attempt, Level.CRITICAL)
    elif attempt.outcome is AttemptOutcome.FAILED and not attempt.notified:
        what = line(attempt.what or "The run does not say why.")
        yield run_finding(
            attempt,
            Level.CRITICAL,
            view.commands,
            headline="had a failed restore",
            fact=f"{named_run(attempt)} failed: {what}",
            todo=line(attempt.next_step) if attempt.next_step else None,
        )


def _lost(attempt: Attempt, build: BuildFacts | None) -> tuple[str, str, str]:
    """The headline, why it has no result, and what to do."""
    kind, job = attempt.kind, f"Its job {line(attempt.build or '')}"
    not_begun = f"had a {kind} whose job did not begin"
    no_result = f"had a {kind} whose job ended without a result"
    if build is None and attempt.outcome is AttemptOutcome.HANDED_OVER:
        fact = f"{job} did not begin within {QUEUED_HOURS} h, and CodeBuild does not know it."
        return not_begun, fact, _MORE_MACHINES
    if build is None:
        fact = f"{job} has had its time, and CodeBuild does not know it."
        return no_result, fact, f"Read the end of the log below. {_MORE_TIME}"
    words = f": {line(build.why)}" if build.why else "."
    fact = f"{job} ended: CodeBuild says {build.status} in phase {line(build.phase)}{words}"
    if build.began:
        return no_result, fact, _ended(kind, build)
    return not_begun, fact, _not_begun(build)


def _not_begun(build: BuildFacts) -> str:
    if build.phase == QUEUED:
        return _MORE_MACHINES
    return (
        "Read the job's lines in the log below, which say what is missing, then: make deploy. If a"
        " source could not be fetched, the deployment's bucket may have lost it."
    )


def _ended(kind: AttemptKind, build: BuildFacts) -> str:
    if build.status is BuildStatus.TIMED_OUT:
        return f"Take a larger machine (job.{kind}_compute). {_MORE_TIME}"
    if build.status is BuildStatus.STOPPED:
        return "Find out who stopped it: AWS CloudTrail has the call StopBuild."
    return (
        "Read the end of the log below. If the program was killed, the machine lacked memory: take"
        f" a larger one (job.{kind}_compute), then: make deploy"
    )
