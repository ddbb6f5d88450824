"""Adds what a check has found to the record for auditors."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lifeboat.alerts.policy.state import SentAlert
from lifeboat.monitor.policy.checks.age import lookback
from lifeboat.monitor.policy.database_view import RECENT, RUN_GRACE, DatabaseView
from lifeboat.monitor.policy.evaluate import view_of
from lifeboat.monitor.policy.evidence import (
    BackupEvidence,
    BucketEvidence,
    DatabaseEvidence,
    DrillEvidence,
    EvidenceRecord,
    FindingEvidence,
    MonthEvidence,
    ProviderEvidence,
    month_of,
)
from lifeboat.monitor.policy.facts import BucketFacts, Facts, Unknown
from lifeboat.monitor.policy.neon import neon_facts
from lifeboat.monitor.policy.scheduled_times import scheduled_times
from lifeboat.settings import WatchedSettings

SETTLED = timedelta(hours=3)
"""A month is published this long after its end: its last runs have ended by then."""

_SECOND = timedelta(seconds=1)


def updated(
    before: EvidenceRecord | None,
    facts: Facts,
    settings: WatchedSettings,
    alerts: Sequence[SentAlert],
    now: datetime,
) -> EvidenceRecord:
    """The record with what this check has found.

    Args:
        before: the record; None if recording begins now.
        facts: about the bucket and the databases.
        settings: of the monitor.
        alerts: the findings that last, as the monitor's state has them.
        now: the time of the check.
    """
    months = _months(before, now)
    *earlier, newest = [_month(each, facts, settings, now) for each in months]
    newest = newest.model_copy(
        update={
            "findings": _findings(newest.findings, alerts, now),
            "bucket": _bucket(facts.bucket, settings),
        }
    )
    return EvidenceRecord(since=before.since if before else now, months=(*earlier, newest))


def settled(record: EvidenceRecord, now: datetime) -> tuple[MonthEvidence, ...]:
    """The months that are over and can be published."""
    return tuple(each for each in record.months[:-1] if now >= each.end + SETTLED)


def _months(before: EvidenceRecord | None, now: datetime) -> tuple[MonthEvidence, ...]:
    """Those of the record, and the present one."""
    known = before.months if before else ()
    if known and known[-1].month >= month_of(now):
        return known
    month = MonthEvidence(month=month_of(now), recorded_from=now, recorded_until=now)
    if known:
        # Each check also looks back to the one before; but not far, as backups expire.
        begin = month.start if now - known[-1].recorded_until <= RECENT else now
        lasting = tuple(each for each in known[-1].findings if each.ended is None)
        month = month.model_copy(
            update={"recorded_from": begin, "recorded_until": begin, "findings": lasting}
        )
    return (*known, month)


def _month(
    month: MonthEvidence, facts: Facts, settings: WatchedSettings, now: datetime
) -> MonthEvidence:
    known = {each.name: each for each in month.databases}
    for database in settings.databases:
        view = view_of(database, facts, settings, now)
        if view is not None:
            before = known.get(view.name, DatabaseEvidence(name=view.name))
            known[view.name] = _database(before, month, view, facts.digests)
    return month.model_copy(
        update={
            "recorded_until": min(now, month.end),
            "databases": tuple(known[name] for name in sorted(known)),
        }
    )


def _database(
    before: DatabaseEvidence, month: MonthEvidence, view: DatabaseView, digests: Mapping[str, str]
) -> DatabaseEvidence:
    looked = month.recorded_until - RUN_GRACE + _SECOND
    since = max(looked, month.start, view.now - lookback(view))
    until = min(view.now - RUN_GRACE, month.end - _SECOND)
    fresh = scheduled_times(view.database.cron, view.database.timezone, since, until)
    due = sorted({*before.due, *(fresh if since <= until else ())})
    backups = {each.backup: each for each in before.backups} | _backups(month, view, digests)
    drills = {each.report: each for each in before.drills} | _drills(month, view, digests)
    taken = {each.scheduled_at for each in backups.values()}
    return DatabaseEvidence(
        name=before.name,
        due=tuple(due),
        missed=tuple(each for each in due if each not in taken),
        backups=tuple(backups[key] for key in sorted(backups)),
        drills=tuple(drills[key] for key in sorted(drills)),
        provider=_provider(before.provider, month, view),
    )


def _provider(
    before: ProviderEvidence | None, month: MonthEvidence, view: DatabaseView
) -> ProviderEvidence | None:
    """The shortest window of the month, and when one was last read."""
    known = neon_facts(view)
    if known is None or not month.start <= known.at < month.end:
        return before
    window = int(known.window.total_seconds())
    if before:
        window = min(window, before.window_seconds)
    return ProviderEvidence(provider="neon", window_seconds=window, read_at=known.at)


def _backups(
    month: MonthEvidence, view: DatabaseView, digests: Mapping[str, str]
) -> dict[str, BackupEvidence]:
    read = {each.location.id: each for each in view.manifests}
    found = {}
    for location in view.past:
        if not month.start <= location.scheduled_at < month.end or location.id not in read:
            continue
        manifest = read[location.id]
        found[location.id] = BackupEvidence(
            backup=location.id,
            scheduled_at=location.scheduled_at,
            archive_bytes=manifest.bytes,
            rows=manifest.rows,
            sha256=digests.get(location.manifest_key),
        )
    return found


def _drills(
    month: MonthEvidence, view: DatabaseView, digests: Mapping[str, str]
) -> dict[str, DrillEvidence]:
    return {
        each.key: DrillEvidence(
            report=each.key,
            started=each.started,
            verdict=each.verdict,
            backup=each.backup,
            seconds=each.total_seconds,
            rto_seconds=each.rto_seconds,
            sha256=digests.get(each.key),
        )
        for each in view.reports
        if month.start <= each.started < month.end
    }


def _findings(
    before: Sequence[FindingEvidence], alerts: Sequence[SentAlert], now: datetime
) -> tuple[FindingEvidence, ...]:
    """Those of before, ended where they no longer last, and the new ones."""
    lasting = {each.identity: each for each in alerts}
    known = []
    for each in before:
        alert = lasting.get((each.database, each.code, each.subject))
        if each.ended is not None:
            known.append(each)
        elif alert is None:
            known.append(each.model_copy(update={"ended": now}))
        else:
            del lasting[alert.identity]
            said = {"level": alert.level, "headline": alert.headline}
            known.append(each.model_copy(update=said))
    new = [
        FindingEvidence(
            database=each.database,
            code=each.code,
            subject=each.subject,
            level=each.level,
            headline=each.headline,
            opened=each.first_notified,
        )
        for each in lasting.values()
    ]
    return (*known, *new)


def _bucket(bucket: BucketFacts, settings: WatchedSettings) -> BucketEvidence:
    encryption, public, rules = bucket.encryption, bucket.public_access, bucket.lifecycle
    return BucketEvidence(
        versioning=_known(bucket.versioning),
        object_lock=_known(bucket.object_lock),
        lock_mode=settings.object_lock,
        encryption=None
        if isinstance(encryption, Unknown)
        else f"{encryption.algorithm} {encryption.key or ''}".strip()
        if encryption
        else "none",
        public_access_blocked=None
        if isinstance(public, Unknown)
        else all(getattr(public, name) for name in public.__dataclass_fields__),
        lifecycle=None
        if isinstance(rules, Unknown)
        else tuple(
            f"{each.prefix or 'everything'}: expires after {each.expire_days} days"
            for each in rules
            if each.enabled and each.expire_days is not None
        ),
    )


def _known(found: bool | Unknown) -> bool | None:  # noqa: FBT001  # a fact, not a flag
    return None if isinstance(found, Unknown) else found
