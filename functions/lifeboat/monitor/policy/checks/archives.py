"""Whether what lies in the vault is what its manifests say, and whether anything is gone early."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.keys import ARCHIVE, MANIFEST, BackupLocation, parse_key
from lifeboat.model.manifest import StoredObject
from lifeboat.model.text import format_size, format_time, join_first, plural
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import RECENT, Case
from lifeboat.monitor.policy.facts import StoredVersion
from lifeboat.monitor.policy.versions import Fault

SETTLING = timedelta(days=2)
"""S3 deletes what has expired within about a day, and not all objects of a backup at once."""

LEFT = timedelta(days=1)
"""An archive as old as that has no run left that could still write its manifest."""


def archive_findings(case: Case) -> Iterator[Finding]:
    """What is wrong with archives, manifests and what they say of each other."""
    yield from _unreadable(case)
    for location in case.early:
        yield _from_the_future(case, location, location.scheduled_at)
    for manifest in case.manifests:
        if not case.listing.is_ahead(manifest):
            yield from _faulty(case, manifest)
        elif manifest.location not in case.early:
            yield _from_the_future(case, manifest.location, manifest.shows)
    yield from _deleted(case)
    yield from _leftovers(case)


def _unreadable(case: Case) -> Iterator[Finding]:
    for document in case.unreadable:
        yield Finding(
            code=Code.MANIFEST_UNREADABLE,
            level=Level.CRITICAL,
            database=case.name,
            subject=document.key,
            headline="has an unreadable manifest",
            fact=document.why,
            safe=document.safe,
            advice=(
                document.todo,
                f"Show it: {case.commands.show(document.key)}",
                f"List earlier versions: {case.commands.versions(document.key)}",
            ),
        )


def _from_the_future(case: Case, location: BackupLocation, claimed: datetime) -> Finding:
    return Finding(
        code=Code.CLOCK_SKEW,
        level=Level.WARNING,
        database=case.name,
        subject=location.id,
        headline="has a backup with a time in the future",
        fact=f"{location.id} was written at {format_time(case.listing.written(location))}, but its"
        f" manifest says {format_time(claimed)}, which is later. It never counts as a backup.",
        limit="at most 1 h after it was written",
        safe="All other backups are checked as usual.",
        advice=(
            "Find out whose clock is wrong, the database server's or the writer's: "
            + case.commands.show(location.manifest_key),
            f"To restore from it anyway, name it: {location.id}. 'latest' skips it.",
        ),
    )


def _faulty(case: Case, manifest: BackupFacts) -> Iterator[Finding]:
    for claim in manifest.stored_objects:
        fault = case.listing.fault(claim)
        if fault is None:
            continue
        if fault in (Fault.REPLACED, Fault.RESIZED):
            yield _differs(case, manifest, claim, fault)
        else:
            yield from _missing(case, manifest, claim, fault)


def _missing(
    case: Case, manifest: BackupFacts, claim: StoredObject, fault: Fault
) -> Iterator[Finding]:
    past = _past_end(case, manifest)
    if past is not None and timedelta(0) <= past <= SETTLING:
        return  # S3 is at it
    expired = past is not None and past > SETTLING
    where = manifest.location.id
    yield Finding(
        code=Code.INCOMPLETE_BACKUP if expired else Code.ARCHIVE_MISSING,
        level=Level.WARNING if expired or claim == manifest.globals else Level.CRITICAL,
        database=case.name,
        subject=claim.key,
        headline="has an expired manifest without its archive"
        if expired
        else f"lost {claim.key.rpartition('/')[2]} of {where}",
        fact=f"{where} names {claim.key} ({format_size(claim.bytes)}), which {fault.value}.",
        limit="deleted together with its archive" if expired else "kept until the backup expires",
        safe="Nothing is lost before its time." if expired else _what_is_left(case, claim),
        advice=_bring_back(case, claim, fault),
    )


def _past_end(case: Case, manifest: BackupFacts) -> timedelta | None:
    """How long ago S3 might delete it, by what it was promised or by the settings since then."""
    promised = manifest.expires
    ends = [None if promised is None else case.now - promised, case.past_end(manifest.location)]
    known = [each for each in ends if each is not None]
    return max(known) if known else None


def _differs(case: Case, manifest: BackupFacts, claim: StoredObject, fault: Fault) -> Finding:
    lies = case.versions[claim.key][0]
    return Finding(
        code=Code.ARCHIVE_DIFFERS,
        level=Level.CRITICAL,
        database=case.name,
        subject=claim.key,
        headline=f"has another {claim.key.rpartition('/')[2]} than {manifest.location.id} names",
        fact=f"{claim.key} {fault.value}: its manifest names version {claim.version_id} of"
        f" {claim.bytes} bytes; the latest is version {lies.version_id} of {lies.bytes} bytes,"
        f" written at {format_time(lies.modified)}.",
        limit="the version and size in the manifest",
        since=lies.modified,
        safe=_what_is_left(case, claim),
        advice=_bring_back(case, claim, fault),
    )


def _what_is_left(case: Case, claim: StoredObject) -> str:
    if case.listing.original(claim):
        return "The version that the manifest names is still in the bucket."
    return (
        "The version that the manifest names is not in the bucket. Other backups are checked on"
        " their own."
    )


def _bring_back(case: Case, claim: StoredObject, fault: Fault) -> tuple[str, ...]:
    original, latest = (
        case.listing.original(claim),
        next(iter(case.versions.get(claim.key, ())), None),
    )
    steps = [f"Look at its versions: {case.commands.versions(claim.key)}"]
    if fault is Fault.DELETED and original and latest and latest.version_id:
        steps.append(
            "If nobody meant to delete it, remove the delete marker: "
            + case.commands.undelete(claim.key, latest.version_id)
        )
    elif original and original.version_id:
        steps.append(
            "To restore from it, fetch the version that the manifest names: "
            + case.commands.fetch(claim.key, original.version_id)
        )
    steps.append("Find out who did it: CloudTrail's data events of the bucket, where they are on.")
    return tuple(steps)


def _deleted(case: Case) -> Iterator[Finding]:
    """Backups whose manifest somebody deleted before their time, by the day on which it was."""
    days: defaultdict[date, list[tuple[BackupLocation, StoredVersion]]] = defaultdict(list)
    for key, (latest, *_) in case.versions.items():
        location = _manifest_of(key)
        recent = latest.deleted and case.now - latest.modified <= RECENT
        if recent and location and not _ended(case, location, latest.modified):
            days[latest.modified.date()].append((location, latest))
    for day in sorted(days):
        yield _deleted_on(case, day, sorted(days[day], key=lambda each: each[0].manifest_key))


def _deleted_on(case: Case, day: date, gone: list[tuple[BackupLocation, StoredVersion]]) -> Finding:
    first, marker = gone[0]
    undo = case.commands.undelete(first.manifest_key, marker.version_id or "null")
    return Finding(
        code=Code.BACKUPS_DELETED,
        level=Level.CRITICAL,
        database=case.name,
        subject=day.isoformat(),
        headline=f"had {plural(len(gone), 'backup')} deleted too early",
        fact=f"Deleted on {day} before the end of their retention:"
        f" {join_first(location.id for location, _ in gone)}.",
        limit="retention.<tier>.days",
        since=min(each.modified for _, each in gone),
        safe="Object Lock keeps the locked versions behind the delete markers until the lock ends;"
        " without a lock they stay for a week at most.",
        advice=(
            f"List what is there: {case.commands.versions(first.prefix)}",
            f"If nobody meant to delete them, remove each delete marker, such as: {undo}",
            "Check who may delete in this bucket, and its lifecycle rules: "
            + case.commands.bucket("get-bucket-lifecycle-configuration"),
        ),
        passing=True,
    )


def _manifest_of(key: str) -> BackupLocation | None:
    parsed = parse_key(key)
    return parsed[0] if parsed and parsed[1] == MANIFEST else None


def _ended(case: Case, location: BackupLocation, deleted: datetime) -> bool:
    """Whether the backup's time was over when it was deleted, by the settings as they are now."""
    days = case.settings.retention.of(location.tier).days
    return days is not None and deleted - location.scheduled_at >= timedelta(days=days)


def _leftovers(case: Case) -> Iterator[Finding]:
    """Archives whose run died before it could write a manifest: no backups, but paid for."""
    published = set(case.published)
    for key, versions in sorted(case.versions.items()):
        parsed = parse_key(key)
        if parsed is None or parsed[1] != ARCHIVE or parsed[0] in published:
            continue
        location, latest = parsed[0], versions[0]
        hidden = any(each.deleted for each in case.versions.get(location.manifest_key, ()))
        if hidden or not latest.there or case.now - latest.modified <= LEFT:
            continue
        yield Finding(
            code=Code.INCOMPLETE_BACKUP,
            level=Level.INFO,
            database=case.name,
            subject=key,
            headline="has an archive without a manifest",
            fact=f"{key} ({format_size(latest.bytes)}) has no manifest: the run that wrote it did"
            " not finish. It does not count as a backup.",
            limit="a day",
            since=latest.modified,
            safe="Backups are not affected; S3 deletes it with its tier.",
            advice=(f"Do nothing. The log of its run: {case.commands.log('backup', case.name)}",),
        )
