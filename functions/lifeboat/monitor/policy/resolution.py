"""Whether an alert that is no longer found is resolved.

People are notified that it is resolved only if a check has shown that. A finding also disappears
when a document can no longer be read, when a backup is too old to be read, when its due date moved,
or when a check was incomplete; none of these resolves it
(docs/decisions/0015-what-a-first-look-may-conclude.md).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum

from lifeboat.alerts.policy.findings import Code, Finding
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.model.attempt import AttemptKind, AttemptOutcome
from lifeboat.model.drill_report import Verdict
from lifeboat.model.drill_target import NEON_BRANCH
from lifeboat.monitor.policy.checks.age import backup_age
from lifeboat.monitor.policy.checks.changes import changed_lately
from lifeboat.monitor.policy.checks.forecast import measured
from lifeboat.monitor.policy.checks.neon_branch import DRILLS
from lifeboat.monitor.policy.checks.replaced import is_original
from lifeboat.monitor.policy.checks.topic import SUBSCRIPTION_CODES, is_confirmed, is_obsolete
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.evaluate import view_of
from lifeboat.monitor.policy.facts import Facts, Unknown, backups_to_read
from lifeboat.monitor.policy.neon import is_counted, neon_facts, report_of
from lifeboat.monitor.policy.run_state import last_attempt
from lifeboat.settings import WatchedSettings

OBJECTS = "objects"
"""The subject of the finding that a database could not be checked."""


class Resolution(Enum):
    """What became of an alert."""

    RESOLVED = "a check has shown that it is right"
    OPEN = "no check has shown that it is right"
    OBSOLETE = "what it was about is no longer checked"


def resolution_of(
    alert: SentAlert,
    findings: Sequence[Finding],
    facts: Facts,
    settings: WatchedSettings,
    now: datetime,
) -> Resolution:
    """What became of an alert whose finding is not among the current ones.

    Args:
        alert: what people were notified of.
        findings: all current findings.
        facts: the current facts.
        settings: of the monitor.
        now: the time of the check.
    """
    database = next((each for each in settings.databases if each.name == alert.database), None)
    if alert.code not in Code or (alert.database and database is None):
        return Resolution.OBSOLETE
    if _was_not_checked(alert, findings):
        return Resolution.OPEN
    if alert.code in SUBSCRIPTION_CODES:
        resolved = is_confirmed(alert, facts.topic)
        return _resolution(resolved=resolved, obsolete=is_obsolete(alert, findings, settings))
    view = view_of(database, facts, settings, now) if database else None
    rule = _RULES.get(Code(alert.code))
    if rule is None or alert.code == Code.CHECK_INCOMPLETE:
        return Resolution.RESOLVED
    return rule(view, alert) if view else Resolution.OPEN


def _was_not_checked(alert: SentAlert, findings: Iterable[Finding]) -> bool:
    """Whether the facts about its database, or about the bucket, have gaps.

    A finding about a gap is resolved when the gap is closed, unless nothing could be checked.
    """
    gaps = [
        each.subject
        for each in findings
        if each.code is Code.CHECK_INCOMPLETE and (each.database or "") == alert.database
    ]
    return OBJECTS in gaps or (bool(gaps) and alert.code != Code.CHECK_INCOMPLETE)


def _resolution(*, resolved: bool, obsolete: bool = False) -> Resolution:
    if resolved:
        return Resolution.RESOLVED
    return Resolution.OBSOLETE if obsolete else Resolution.OPEN


def _backed_up(view: DatabaseView, _: SentAlert) -> Resolution:
    return _resolution(resolved=bool(view.complete))


def _recent_again(view: DatabaseView, _: SentAlert) -> Resolution:
    """There is a recent backup; it is not enough that another finding reports the same."""
    age, limit = backup_age(view), timedelta(hours=view.settings.monitor.max_age_hours)
    return _resolution(resolved=age is not None and age <= limit)


def _run_again(view: DatabaseView, alert: SentAlert) -> Resolution:
    """There is a newer backup, or a later run found that there is nothing to do."""
    later = _has_succeeded(view, AttemptKind.BACKUP, alert)
    return _resolution(resolved=later or _has_newer_backup(view, alert))


def _drilled_again(view: DatabaseView, alert: SentAlert) -> Resolution:
    """A later drill gave any verdict."""
    newest = next(iter(view.reports), None)
    reported = newest is not None and _is_later(newest.started, alert)
    resolved = reported or _has_succeeded(view, AttemptKind.DRILL, alert)
    return _resolution(resolved=resolved, obsolete=not view.settings.drill.enabled)


def _has_succeeded(view: DatabaseView, kind: AttemptKind, alert: SentAlert) -> bool:
    attempt = last_attempt(view, kind)
    done = attempt is not None and attempt.outcome is AttemptOutcome.SUCCEEDED
    return attempt is not None and done and _is_later(attempt.started, alert)


def _drilled(view: DatabaseView, _: SentAlert) -> Resolution:
    return _resolution(resolved=bool(view.reports), obsolete=not view.settings.drill.enabled)


def _drill_passed(view: DatabaseView, alert: SentAlert) -> Resolution:
    """A later drill did not fail."""
    newest = next(iter(view.reports), None)
    return _resolution(
        resolved=newest is not None
        and newest.verdict is not Verdict.FAILED
        and _is_later(newest.started, alert)
    )


def _read(view: DatabaseView, alert: SentAlert) -> Resolution:
    """The document can be read now; or it is no longer among those to read."""
    read = {each.key for each in view.manifests} | {each.key for each in view.reports}
    unread = {each.key for each in (*view.unreadable, *view.unreadable_reports)}
    return _resolution(resolved=alert.subject in read, obsolete=alert.subject not in unread)


def _stored(view: DatabaseView, alert: SentAlert) -> Resolution:
    """The object is the one that its manifest names; or that manifest no longer exists."""
    objects = [named for each in view.manifests for named in each.stored_objects]
    named = next((each for each in objects if each.key == alert.subject), None)
    if named is None:
        return _resolution(
            resolved=False, obsolete=not _is_to_be_read(view, alert.subject.rpartition("/")[0])
        )
    return _resolution(resolved=view.listing.fault(named) is None)


def _original(view: DatabaseView, alert: SentAlert) -> Resolution:
    """Only the first version is left; or that backup no longer exists."""
    there = any(each.manifest_key == alert.subject for each in view.published)
    first = alert.basis
    resolved = first is not None and is_original(view, alert.subject, first)
    return _resolution(resolved=resolved, obsolete=not there)


def _in_the_past(view: DatabaseView, alert: SentAlert) -> Resolution:
    """The backup was written again with a correct clock; or it no longer exists."""
    read = {each.location.id: each for each in view.manifests}
    if manifest := read.get(alert.subject):
        return _resolution(resolved=not view.listing.is_ahead(manifest))
    return _resolution(
        resolved=False, obsolete=all(each.id != alert.subject for each in view.published)
    )


def _changed(view: DatabaseView, alert: SentAlert) -> Resolution:
    return _resolution(resolved=changed_lately(view) and _has_newer_backup(view, alert))


def _backed_up_again(view: DatabaseView, alert: SentAlert) -> Resolution:
    return _resolution(resolved=_has_newer_backup(view, alert))


def _forecast(view: DatabaseView, alert: SentAlert) -> Resolution:
    return _resolution(resolved=measured(view, Code(alert.code)) and _has_newer_backup(view, alert))


def _job_looked_at(view: DatabaseView, _: SentAlert) -> Resolution:
    """CodeBuild has said how the job is, or its record shows that it has ended."""
    return _resolution(resolved=not isinstance(view.builds, Unknown))


def _allowed(view: DatabaseView, _: SentAlert) -> Resolution:
    """There is a complete backup, whose figure was judged; or Neon's own figure is judged now."""
    return _resolution(
        resolved=bool(view.complete) and not is_counted(view), obsolete=is_counted(view)
    )


def _told_again(view: DatabaseView, alert: SentAlert) -> Resolution:
    """Neon has told later what it is about; or it is no longer asked."""
    known = neon_facts(view)
    told = known is not None and known.fresh and _is_later(known.at, alert)
    return _resolution(resolved=told, obsolete=view.database.neon is None)


def _told_everything(view: DatabaseView, alert: SentAlert) -> Resolution:
    """The same, and without a problem that left something out."""
    report = report_of(view)
    told = _told_again(view, alert)
    if told is Resolution.RESOLVED and (report is None or report.problem):
        return Resolution.OPEN
    return told


def _counted_again(view: DatabaseView, alert: SentAlert) -> Resolution:
    """Neon has counted later; without a figure of this period, it is not known."""
    told = _told_again(view, alert)
    return Resolution.OPEN if told is Resolution.RESOLVED and not is_counted(view) else told


def _used_a_branch(view: DatabaseView, alert: SentAlert) -> Resolution:
    """A newer backup, or drill, used a branch; or they no longer have to."""
    if alert.subject == DRILLS:
        drilled = bool(view.reports) and _is_later(view.reports[0].started, alert)
        obsolete = not view.settings.drill.enabled or view.database.drill_target != NEON_BRANCH
        return _resolution(resolved=drilled and not obsolete, obsolete=obsolete)
    resolved = _has_newer_backup(view, alert)
    return _resolution(resolved=resolved, obsolete=view.database.source == "database")


def _is_to_be_read(view: DatabaseView, backup: str) -> bool:
    needed = backups_to_read(view.objects, view.settings.monitor.history)
    return any(each.id == backup for each in needed)


def _has_newer_backup(view: DatabaseView, alert: SentAlert) -> bool:
    """Whether there is a newer complete backup."""
    return bool(view.complete) and _is_later(view.complete[0].data_as_of, alert)


def _is_later(moment: datetime, alert: SentAlert) -> bool:
    return alert.basis is None or moment > alert.basis


_RULES: dict[Code, Callable[[DatabaseView, SentAlert], Resolution]] = {
    Code.NO_BACKUP: _backed_up,
    Code.BACKUP_TOO_OLD: _recent_again,
    Code.BACKUP_FAILED: _run_again,
    Code.DRILL_ERROR: _drilled_again,
    Code.JOB_WAITS: _job_looked_at,
    Code.TRANSFER_ALLOWANCE: _allowed,
    Code.NEON_TRANSFER: _counted_again,
    Code.NEON_HISTORY_SHORT: _told_again,
    Code.NEON_UNPROTECTED: _told_again,
    Code.NEON_WATCH_STALE: _told_again,
    Code.NEON_SNAPSHOT_OVERDUE: _told_everything,
    Code.NEON_GONE: _told_everything,
    Code.NEON_KEY: _told_everything,
    Code.NEON_BRANCH: _used_a_branch,
    Code.NO_DRILL: _drilled,
    Code.DRILL_TOO_OLD: _drilled,
    Code.DRILL_FAILED: _drill_passed,
    Code.DRILL_PARTIAL: _drill_passed,
    Code.RTO_MISSED: _drill_passed,
    Code.MANIFEST_UNREADABLE: _read,
    Code.DRILL_REPORT_UNREADABLE: _read,
    Code.MANIFEST_REPLACED: _original,
    Code.ARCHIVE_MISSING: _stored,
    Code.ARCHIVE_DIFFERS: _stored,
    Code.INCOMPLETE_BACKUP: _stored,
    Code.CLOCK_SKEW: _in_the_past,
    Code.DATA_UNCHANGED: _changed,
    Code.PG_DUMP_OUTDATED: _backed_up_again,
    Code.STANDBY_OUTDATED: _backed_up_again,
    Code.BACKUP_MEMORY_AT_RISK: _backed_up_again,
    Code.DRILL_MEMORY_AT_RISK: _backed_up_again,
    Code.BACKUP_TIMEOUT_AT_RISK: _forecast,
    Code.RTO_AT_RISK: _forecast,
    Code.DRILL_TIMEOUT_AT_RISK: _forecast,
    Code.DRILL_DISK_AT_RISK: _forecast,
}
"""What shows that a finding with that code is resolved. Other codes are resolved as soon as they
are not found, because a check sees the bucket's configuration, unmanaged prefixes and uploads
completely or not at all. A finding about a past event is never resolved."""
