"""Facts and settings and the time in, findings out."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Finding, Health, Level, most_severe_first, overall
from lifeboat.monitor.policy.checks.age import age_findings
from lifeboat.monitor.policy.checks.archives import archive_findings
from lifeboat.monitor.policy.checks.attempts import attempt_findings
from lifeboat.monitor.policy.checks.bucket import bucket_findings
from lifeboat.monitor.policy.checks.changes import change_findings
from lifeboat.monitor.policy.checks.coverage import gap_findings, not_seen, unread_findings
from lifeboat.monitor.policy.checks.drills import drill_age, drill_findings
from lifeboat.monitor.policy.checks.forecast import forecast_findings
from lifeboat.monitor.policy.checks.minors import minor_findings
from lifeboat.monitor.policy.checks.replaced import replaced_findings
from lifeboat.monitor.policy.checks.restore import restore_findings
from lifeboat.monitor.policy.checks.topic import topic_findings
from lifeboat.monitor.policy.checks.transfer import transfer_findings
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.facts import DatabaseFacts, Facts, Unknown
from lifeboat.settings import WatchedDatabase, WatchedSettings

JUDGES = (
    age_findings,
    attempt_findings,
    archive_findings,
    replaced_findings,
    change_findings,
    drill_findings,
    forecast_findings,
    minor_findings,
    unread_findings,
)
"""All that is asked of each database."""


def judge(facts: Facts, settings: WatchedSettings, now: datetime) -> tuple[Finding, ...]:
    """All findings about the bucket and its databases, the most severe first.

    It never raises, whatever the facts are. What could not be checked is a finding: without facts
    nothing is healthy.

    Args:
        facts: what was seen.
        settings: what should be.
        now: when it was seen, in UTC.
    """
    commands = facts.installation.commands
    found = [
        *bucket_findings(facts.bucket, settings, commands),
        *gap_findings(facts, now, commands),
        *topic_findings(facts, settings),
        *restore_findings(settings),
    ]
    cases = {each.name: case_of(each, facts, settings, now) for each in settings.databases}
    for database in settings.databases:
        case = cases[database.name]
        found += [*_blind(database, facts)] if case is None else _judged(case)
    found += transfer_findings(case for case in cases.values() if case)
    return most_severe_first(found)


def health_of(case: Case | None, findings: Iterable[Finding]) -> Health:
    """How a database is.

    Args:
        case: what is known of it; None when it could not be looked at.
        findings: its own. They go before what it merely waits for: where the first backup has
            failed, that is told.
    """
    found = overall(findings)
    if case is None or found is not Health.HEALTHY:
        return found
    if not case.whole:
        return Health.NO_BACKUP_YET
    age = drill_age(case)
    if age is None or age > timedelta(days=case.settings.monitor.max_drill_age_days):
        return Health.NOT_DRILLED_YET if case.settings.drill.enabled else Health.DRILLS_DISABLED
    return Health.HEALTHY


def case_of(
    database: WatchedDatabase, facts: Facts, settings: WatchedSettings, now: datetime
) -> Case | None:
    """The facts about one database, in order; None when it could not be looked at."""
    seen = _facts_of(database, facts)
    if seen is None or isinstance(seen.objects, Unknown):
        return None
    return Case(
        database=database,
        settings=settings,
        facts=seen,
        objects=seen.objects,
        commands=facts.installation.commands,
        now=now,
    )


def _judged(case: Case) -> Iterator[Finding]:
    for ask in JUDGES:
        yield from ask(case)


def _facts_of(database: WatchedDatabase, facts: Facts) -> DatabaseFacts | None:
    return next((each for each in facts.databases if each.name == database.name), None)


def _blind(database: WatchedDatabase, facts: Facts) -> Iterator[Finding]:
    seen = _facts_of(database, facts)
    unknown = seen.objects if seen else None
    if isinstance(unknown, Unknown):
        yield not_seen(database.name, "objects", Level.CRITICAL, unknown.why, unknown.todo)
    else:
        yield not_seen(
            database.name,
            "objects",
            Level.CRITICAL,
            f"{database.name} was not checked.",
            "Read the monitor's log.",
        )
