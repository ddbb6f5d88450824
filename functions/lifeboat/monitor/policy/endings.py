"""What became of something that was told and is no longer found: is it right again?

Only what was seen to be right is told as right again. A finding also goes away when a document
can't be read any more, when a backup leaves what is looked at, when its due date moved or when
nobody could look; then nobody may be told that all is well
(docs/decisions/0015-what-a-first-look-may-conclude.md).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import Enum

from lifeboat.alerts.policy.findings import Code, Finding
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.model.attempt import AttemptKind, AttemptOutcome
from lifeboat.model.drill_report import Verdict
from lifeboat.monitor.policy.checks.age import backup_age
from lifeboat.monitor.policy.checks.attempts import last_attempt
from lifeboat.monitor.policy.checks.changes import changed_lately
from lifeboat.monitor.policy.checks.forecast import measured
from lifeboat.monitor.policy.checks.replaced import is_original
from lifeboat.monitor.policy.checks.topic import ABOUT_ONE, is_back, is_over
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.evaluate import case_of
from lifeboat.monitor.policy.facts import Facts, backups_to_read
from lifeboat.settings import WatchedSettings

OBJECTS = "objects"
"""The subject of the finding that nothing of a database could be seen."""


class Ending(Enum):
    """What became of it."""

    RIGHT = "it was seen to be right again"
    OPEN = "it may be as wrong as before"
    GONE = "nobody asks any more: what it was about is no longer judged"


def ending_of(
    told: SentAlert,
    findings: Sequence[Finding],
    facts: Facts,
    settings: WatchedSettings,
    now: datetime,
) -> Ending:
    """What became of something that was told as wrong and is not found wrong now.

    Args:
        told: what was told.
        findings: what was found now, all of it.
        facts: what was seen now.
        settings: what should be.
        now: when it was seen.
    """
    database = next((each for each in settings.databases if each.name == told.database), None)
    if told.code not in Code or (told.database and database is None):
        return Ending.GONE
    if _nobody_could_look(told, findings):
        return Ending.OPEN
    if told.code in ABOUT_ONE:
        right = is_back(told, facts.topic)
        return _ending(right=right, gone=is_over(told, findings, settings))
    case = case_of(database, facts, settings, now) if database else None
    rule = _RULES.get(Code(told.code))
    if rule is None or told.code == Code.CHECK_INCOMPLETE:
        return Ending.RIGHT
    return rule(case, told) if case else Ending.OPEN


def _nobody_could_look(told: SentAlert, findings: Iterable[Finding]) -> bool:
    """Whether there are gaps in what was seen of its database, or of the bucket.

    A gap itself has gone when it is seen, but for a document that nobody even looked for.
    """
    gaps = [
        each.subject
        for each in findings
        if each.code is Code.CHECK_INCOMPLETE and (each.database or "") == told.database
    ]
    return OBJECTS in gaps or (bool(gaps) and told.code != Code.CHECK_INCOMPLETE)


def _ending(*, right: bool, gone: bool = False) -> Ending:
    if right:
        return Ending.RIGHT
    return Ending.GONE if gone else Ending.OPEN


def _backed_up(case: Case, _: SentAlert) -> Ending:
    return _ending(right=bool(case.whole))


def _young_again(case: Case, _: SentAlert) -> Ending:
    """Not merely told by another finding: there is a backup, and it is young enough."""
    age, limit = backup_age(case), timedelta(hours=case.settings.monitor.max_age_hours)
    return _ending(right=age is not None and age <= limit)


def _run_again(case: Case, told: SentAlert) -> Ending:
    """Another backup has come, or a later run found that there is nothing to do."""
    later = _has_succeeded(case, AttemptKind.BACKUP, told)
    return _ending(right=later or _shows_more(case, told))


def _drilled_again(case: Case, told: SentAlert) -> Ending:
    """A later drill gave its verdict, whatever that was."""
    newest = next(iter(case.reports), None)
    reported = newest is not None and _is_later(newest.started, told)
    right = reported or _has_succeeded(case, AttemptKind.DRILL, told)
    return _ending(right=right, gone=not case.settings.drill.enabled)


def _has_succeeded(case: Case, kind: AttemptKind, told: SentAlert) -> bool:
    attempt = last_attempt(case, kind)
    done = attempt is not None and attempt.outcome is AttemptOutcome.SUCCEEDED
    return attempt is not None and done and _is_later(attempt.started, told)


def _drilled(case: Case, _: SentAlert) -> Ending:
    return _ending(right=bool(case.reports), gone=not case.settings.drill.enabled)


def _drill_passed(case: Case, told: SentAlert) -> Ending:
    """A failed drill, or one that took too long, is made good by a later one that did not fail."""
    newest = next(iter(case.reports), None)
    return _ending(
        right=newest is not None
        and newest.verdict is not Verdict.FAILED
        and _is_later(newest.started, told)
    )


def _read(case: Case, told: SentAlert) -> Ending:
    """A document that could not be read can be; or nobody reads it any more."""
    read = {each.key for each in case.manifests} | {each.key for each in case.reports}
    unread = {each.key for each in (*case.unreadable, *case.unreadable_reports)}
    return _ending(right=told.subject in read, gone=told.subject not in unread)


def _stored(case: Case, told: SentAlert) -> Ending:
    """An object is the one that its manifest names again; or there is no such manifest any more."""
    claims = [claim for each in case.manifests for claim in each.stored_objects]
    claim = next((each for each in claims if each.key == told.subject), None)
    if claim is None:
        return _ending(right=False, gone=not _is_to_be_read(case, told.subject.rpartition("/")[0]))
    return _ending(right=case.listing.fault(claim) is None)


def _original(case: Case, told: SentAlert) -> Ending:
    """Only the version that was first written is left; or there is no such backup any more."""
    there = any(each.manifest_key == told.subject for each in case.published)
    first = told.basis
    right = first is not None and is_original(case, told.subject, first)
    return _ending(right=right, gone=not there)


def _in_the_past(case: Case, told: SentAlert) -> Ending:
    """A backup from the future stays one; it may be written anew, with a sound clock."""
    read = {each.location.id: each for each in case.manifests}
    if manifest := read.get(told.subject):
        return _ending(right=not case.listing.is_ahead(manifest))
    return _ending(right=False, gone=all(each.id != told.subject for each in case.published))


def _changed(case: Case, told: SentAlert) -> Ending:
    return _ending(right=changed_lately(case) and _shows_more(case, told))


def _backed_up_anew(case: Case, told: SentAlert) -> Ending:
    return _ending(right=_shows_more(case, told))


def _forecast(case: Case, told: SentAlert) -> Ending:
    return _ending(right=measured(case, Code(told.code)) and _shows_more(case, told))


def _is_to_be_read(case: Case, backup: str) -> bool:
    needed = backups_to_read(case.objects, case.settings.monitor.history)
    return any(each.id == backup for each in needed)


def _shows_more(case: Case, told: SentAlert) -> bool:
    """Whether a whole backup has come since."""
    return bool(case.whole) and _is_later(case.whole[0].shows, told)


def _is_later(moment: datetime, told: SentAlert) -> bool:
    return told.basis is None or moment > told.basis


_RULES: dict[Code, Callable[[Case, SentAlert], Ending]] = {
    Code.NO_BACKUP: _backed_up,
    Code.BACKUP_TOO_OLD: _young_again,
    Code.BACKUP_FAILED: _run_again,
    Code.DRILL_ERROR: _drilled_again,
    Code.TRANSFER_ALLOWANCE: _backed_up,
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
    Code.PG_DUMP_OUTDATED: _backed_up_anew,
    Code.BACKUP_TIMEOUT_AT_RISK: _forecast,
    Code.RTO_AT_RISK: _forecast,
    Code.DRILL_TIMEOUT_AT_RISK: _forecast,
    Code.DRILL_DISK_AT_RISK: _forecast,
}
"""What shows that a finding of that kind is resolved. Other kinds are resolved as soon as they are
not found: the bucket's configuration, unmanaged prefixes and uploads are seen completely or not at
all. A finding about a past event is never resolved."""
