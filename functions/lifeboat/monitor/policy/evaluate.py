"""Evaluates facts: all checks, and the health that their findings give."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Finding, Health, Level, most_severe_first, overall
from lifeboat.monitor.policy.checks.age import age_findings
from lifeboat.monitor.policy.checks.archives import archive_findings
from lifeboat.monitor.policy.checks.attempts import attempt_findings
from lifeboat.monitor.policy.checks.bucket import bucket_findings
from lifeboat.monitor.policy.checks.changes import change_findings
from lifeboat.monitor.policy.checks.coverage import check_incomplete, gap_findings, unread_findings
from lifeboat.monitor.policy.checks.drills import drill_age, drill_findings
from lifeboat.monitor.policy.checks.forecast import forecast_findings
from lifeboat.monitor.policy.checks.jobs import job_findings
from lifeboat.monitor.policy.checks.memory import memory_findings
from lifeboat.monitor.policy.checks.minors import minor_findings
from lifeboat.monitor.policy.checks.neon import neon_findings
from lifeboat.monitor.policy.checks.neon_branch import branch_findings
from lifeboat.monitor.policy.checks.neon_transfer import neon_transfer_findings
from lifeboat.monitor.policy.checks.replaced import replaced_findings
from lifeboat.monitor.policy.checks.restore import restore_findings
from lifeboat.monitor.policy.checks.topic import topic_findings
from lifeboat.monitor.policy.checks.transfer import transfer_findings
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.facts import DatabaseFacts, Facts, Unknown
from lifeboat.settings import WatchedDatabase, WatchedSettings

CHECKS = (
    age_findings,
    attempt_findings,
    archive_findings,
    replaced_findings,
    change_findings,
    drill_findings,
    forecast_findings,
    job_findings,
    memory_findings,
    minor_findings,
    unread_findings,
    neon_findings,
    branch_findings,
)
"""The checks of each database."""


def evaluate(facts: Facts, settings: WatchedSettings, now: datetime) -> tuple[Finding, ...]:
    """All findings about the bucket and its databases, the most severe first.

    It never raises. What could not be checked is a finding: without facts nothing is healthy.

    Args:
        facts: about the bucket and the databases.
        settings: of the monitor.
        now: the time of the check, in UTC.
    """
    commands = facts.installation.commands
    found = [
        *bucket_findings(facts.bucket, settings, commands),
        *gap_findings(facts, now, commands),
        *topic_findings(facts, settings),
        *restore_findings(settings),
    ]
    views = {each.name: view_of(each, facts, settings, now) for each in settings.databases}
    for database in settings.databases:
        view = views[database.name]
        found += [*_not_checked(database, facts)] if view is None else _findings(view)
    seen = [view for view in views.values() if view]
    found += [*transfer_findings(seen), *neon_transfer_findings(seen)]
    return most_severe_first(found)


def health_of(view: DatabaseView | None, findings: Iterable[Finding]) -> Health:
    """The health of a database.

    Args:
        view: its facts; None if it could not be checked.
        findings: its own. They take precedence over what it only waits for, such as its first
            backup.
    """
    found = overall(findings)
    if view is None or found is not Health.HEALTHY:
        return found
    if not view.complete:
        return Health.NO_BACKUP_YET
    age = drill_age(view)
    if age is None or age > timedelta(days=view.settings.monitor.max_drill_age_days):
        return Health.NOT_DRILLED_YET if view.settings.drill.enabled else Health.DRILLS_DISABLED
    return Health.HEALTHY


def view_of(
    database: WatchedDatabase, facts: Facts, settings: WatchedSettings, now: datetime
) -> DatabaseView | None:
    """The facts about one database; None if it could not be checked."""
    seen = _facts_of(database, facts)
    if seen is None or isinstance(seen.objects, Unknown):
        return None
    return DatabaseView(
        database=database,
        settings=settings,
        facts=seen,
        objects=seen.objects,
        commands=facts.installation.commands,
        now=now,
        builds=facts.builds,
    )


def _findings(view: DatabaseView) -> Iterator[Finding]:
    for check in CHECKS:
        yield from check(view)


def _facts_of(database: WatchedDatabase, facts: Facts) -> DatabaseFacts | None:
    return next((each for each in facts.databases if each.name == database.name), None)


def _not_checked(database: WatchedDatabase, facts: Facts) -> Iterator[Finding]:
    seen = _facts_of(database, facts)
    unknown = seen.objects if seen else None
    if isinstance(unknown, Unknown):
        yield check_incomplete(database.name, "objects", Level.CRITICAL, unknown.why, unknown.todo)
    else:
        yield check_incomplete(
            database.name,
            "objects",
            Level.CRITICAL,
            f"{database.name} was not checked.",
            "Read the monitor's log.",
        )
