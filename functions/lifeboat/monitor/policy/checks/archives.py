"""Checks whether objects are those that manifests name, and whether any was deleted early."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.keys import ARCHIVE, MANIFEST, BackupLocation, parse_key
from lifeboat.model.manifest import StoredObject
from lifeboat.model.steps import Step
from lifeboat.model.text import format_size, format_time, join_first, plural
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import RECENT, DatabaseView
from lifeboat.monitor.policy.facts import StoredVersion
from lifeboat.monitor.policy.versions import Fault

EXPIRY_GRACE = timedelta(days=2)
"""S3 deletes expired objects within about a day, and not all objects of a backup at once."""

MIN_LEFTOVER_AGE = timedelta(days=1)
"""No run is still writing the manifest of an archive that is older than this."""


def archive_findings(view: DatabaseView) -> Iterator[Finding]:
    """What is wrong with archives and manifests."""
    yield from _unreadable(view)
    for location in view.from_future:
        yield _from_the_future(view, location, location.scheduled_at)
    for manifest in view.manifests:
        if not view.listing.is_ahead(manifest):
            yield from _faulty(view, manifest)
        elif manifest.location not in view.from_future:
            yield _from_the_future(view, manifest.location, manifest.data_as_of)
    yield from _deleted(view)
    yield from _leftovers(view)


def _unreadable(view: DatabaseView) -> Iterator[Finding]:
    for document in view.unreadable:
        yield Finding(
            code=Code.MANIFEST_UNREADABLE,
            level=Level.CRITICAL,
            database=view.name,
            subject=document.key,
            headline="has an unreadable manifest",
            fact=document.why,
            safe=document.safe,
            advice=(
                Step(document.todo),
                Step("Show it", view.commands.show(document.key)),
                Step("List earlier versions", view.commands.versions(document.key)),
            ),
        )


def _from_the_future(view: DatabaseView, location: BackupLocation, stated: datetime) -> Finding:
    return Finding(
        code=Code.CLOCK_SKEW,
        level=Level.WARNING,
        database=view.name,
        subject=location.id,
        headline="has a backup with a time in the future",
        fact=f"{location.id} was written at {format_time(view.listing.written(location))}, but its"
        f" manifest says {format_time(stated)}, which is later. It never counts as a backup.",
        limit="at most 1 h after it was written",
        safe="All other backups are checked as usual.",
        advice=(
            Step(
                "Find out whose clock is wrong, the database server's or the writer's",
                view.commands.show(location.manifest_key),
            ),
            Step(f"To restore from it anyway, name it: {location.id}. 'latest' skips it."),
        ),
    )


def _faulty(view: DatabaseView, manifest: BackupFacts) -> Iterator[Finding]:
    for named in manifest.stored_objects:
        fault = view.listing.fault(named)
        if fault is None:
            continue
        if fault in (Fault.REPLACED, Fault.RESIZED):
            yield _differs(view, manifest, named, fault)
        else:
            yield from _missing(view, manifest, named, fault)


def _missing(
    view: DatabaseView, manifest: BackupFacts, named: StoredObject, fault: Fault
) -> Iterator[Finding]:
    past = _past_end(view, manifest)
    if past is not None and timedelta(0) <= past <= EXPIRY_GRACE:
        return  # S3 is deleting the backup
    expired = past is not None and past > EXPIRY_GRACE
    where = manifest.location.id
    yield Finding(
        code=Code.INCOMPLETE_BACKUP if expired else Code.ARCHIVE_MISSING,
        level=Level.WARNING if expired or named == manifest.globals else Level.CRITICAL,
        database=view.name,
        subject=named.key,
        headline="has an expired manifest without its archive"
        if expired
        else f"lost {named.key.rpartition('/')[2]} of {where}",
        fact=f"{where} names {named.key} ({format_size(named.bytes)}), which {fault.value}.",
        limit="deleted together with its archive" if expired else "kept until the backup expires",
        safe="Nothing is lost before its time." if expired else _what_is_left(view, named),
        advice=_recovery_steps(view, named, fault),
    )


def _past_end(view: DatabaseView, manifest: BackupFacts) -> timedelta | None:
    """How long it is past its retention, by its manifest or by the current settings."""
    expires = manifest.expires
    ends = [None if expires is None else view.now - expires, view.past_end(manifest.location)]
    known = [each for each in ends if each is not None]
    return max(known) if known else None


def _differs(
    view: DatabaseView, manifest: BackupFacts, named: StoredObject, fault: Fault
) -> Finding:
    latest = view.versions[named.key][0]
    return Finding(
        code=Code.ARCHIVE_DIFFERS,
        level=Level.CRITICAL,
        database=view.name,
        subject=named.key,
        headline=f"has another {named.key.rpartition('/')[2]} than {manifest.location.id} names",
        fact=f"{named.key} {fault.value}: its manifest names version {named.version_id} of"
        f" {named.bytes} bytes; the latest is version {latest.version_id} of {latest.bytes} bytes,"
        f" written at {format_time(latest.modified)}.",
        limit="the version and size in the manifest",
        since=latest.modified,
        safe=_what_is_left(view, named),
        advice=_recovery_steps(view, named, fault),
    )


def _what_is_left(view: DatabaseView, named: StoredObject) -> str:
    if view.listing.original(named):
        return "The version that the manifest names is still in the bucket."
    return (
        "The version that the manifest names is not in the bucket. Other backups are checked on"
        " their own."
    )


def _recovery_steps(view: DatabaseView, named: StoredObject, fault: Fault) -> tuple[Step, ...]:
    original, latest = (
        view.listing.original(named),
        next(iter(view.versions.get(named.key, ())), None),
    )
    steps = [Step("Look at its versions", view.commands.versions(named.key))]
    if fault is Fault.DELETED and original and latest and latest.version_id:
        steps.append(
            Step(
                "If nobody meant to delete it, remove the delete marker",
                view.commands.undelete(named.key, latest.version_id),
            )
        )
    elif original and original.version_id:
        steps.append(
            Step(
                "To restore from it, fetch the version that the manifest names",
                view.commands.fetch(named.key, original.version_id),
            )
        )
    steps.append(
        Step("Find out who did it: CloudTrail's data events of the bucket, where they are on.")
    )
    return tuple(steps)


def _deleted(view: DatabaseView) -> Iterator[Finding]:
    """Backups whose manifest was deleted before the end of retention, by the day of deletion."""
    days: defaultdict[date, list[tuple[BackupLocation, StoredVersion]]] = defaultdict(list)
    for key, (latest, *_) in view.versions.items():
        location = _manifest_of(key)
        recent = latest.deleted and view.now - latest.modified <= RECENT
        if recent and location and not _ended(view, location, latest.modified):
            days[latest.modified.date()].append((location, latest))
    for day in sorted(days):
        yield _deleted_on(view, day, sorted(days[day], key=lambda each: each[0].manifest_key))


def _deleted_on(
    view: DatabaseView, day: date, gone: list[tuple[BackupLocation, StoredVersion]]
) -> Finding:
    first, marker = gone[0]
    undo = view.commands.undelete(first.manifest_key, marker.version_id or "null")
    return Finding(
        code=Code.BACKUPS_DELETED,
        level=Level.CRITICAL,
        database=view.name,
        subject=day.isoformat(),
        headline=f"had {plural(len(gone), 'backup')} deleted too early",
        fact=f"Deleted on {day} before the end of their retention:"
        f" {join_first(location.id for location, _ in gone)}.",
        limit="retention.<tier>.days",
        since=min(each.modified for _, each in gone),
        safe="Object Lock keeps the locked versions behind the delete markers until the lock ends;"
        " without a lock they stay for a week at most.",
        advice=(
            Step("List what is there", view.commands.versions(first.prefix)),
            Step("If nobody meant to delete them, remove each delete marker, such as", undo),
            Step(
                "Check who may delete in this bucket, and its lifecycle rules",
                view.commands.bucket("get-bucket-lifecycle-configuration"),
            ),
        ),
        passing=True,
    )


def _manifest_of(key: str) -> BackupLocation | None:
    parsed = parse_key(key)
    return parsed[0] if parsed and parsed[1] == MANIFEST else None


def _ended(view: DatabaseView, location: BackupLocation, deleted: datetime) -> bool:
    """Whether the backup was past its retention when it was deleted, by the current settings."""
    days = view.settings.retention.of(location.tier).days
    return days is not None and deleted - location.scheduled_at >= timedelta(days=days)


def _leftovers(view: DatabaseView) -> Iterator[Finding]:
    """Archives whose run ended before it wrote a manifest: they are no backups, but cost money."""
    published = set(view.published)
    for key, versions in sorted(view.versions.items()):
        parsed = parse_key(key)
        if parsed is None or parsed[1] != ARCHIVE or parsed[0] in published:
            continue
        location, latest = parsed[0], versions[0]
        hidden = any(each.deleted for each in view.versions.get(location.manifest_key, ()))
        if hidden or not latest.is_current or view.now - latest.modified <= MIN_LEFTOVER_AGE:
            continue
        yield Finding(
            code=Code.INCOMPLETE_BACKUP,
            level=Level.INFO,
            database=view.name,
            subject=key,
            headline="has an archive without a manifest",
            fact=f"{key} ({format_size(latest.bytes)}) has no manifest: the run that wrote it did"
            " not finish. It does not count as a backup.",
            limit="a day",
            since=latest.modified,
            safe="Backups are not affected; S3 deletes it with its tier.",
            advice=(
                Step("Do nothing. The log of its run", view.commands.log("backup", view.name)),
            ),
        )
